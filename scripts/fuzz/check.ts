import type { Decoder } from '../../agent/protocol/decoder.ts';
import { createProtocol, type Protocol, type ProtocolSpec } from '../../agent/protocol/registry.ts';
import type { SimulatedDevice } from '../../agent/simulate/devices/device.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';

const currentA = [1.5, -2.5];
/** Coarser than every device's rounding (Roboteq: 0.1 A). */
const toleranceA = 0.051;
const stepUs = 1000;
const patienceUs = 20e6;

export const healthyDevice = (spec: ProtocolSpec): SimulatedDevice =>
  createSimulatedDevice(spec, (channel) => currentA[channel], 100);

/** What a healthy device sends in `durationUs`, asked as the protocol asks. */
export function healthyBytes(spec: ProtocolSpec, durationUs: number): Uint8Array {
  const protocol = createProtocol(spec);
  const device = healthyDevice(spec);
  const parts: Uint8Array[] = [];
  for (let nowUs = 0; nowUs < durationUs; nowUs += stepUs) {
    const bytes = exchange(protocol, device, nowUs);
    if (bytes) parts.push(bytes);
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/**
 * Feeds any bytes, cut as `cuts` says, then a healthy device. Throws when the decoder throws, when another cut gives other
 * readings or counts, when more bytes are counted than came, or when the healthy device is not understood again.
 * Returns how many of its bytes that took, up to the end of the first right reading.
 */
export function check(spec: ProtocolSpec, garbage: Uint8Array, cuts: Uint8Array): number {
  const protocol = createProtocol(spec);
  const device = healthyDevice(spec);
  const cut = new Digest();
  let nowUs = 0;
  for (const chunk of chunks(garbage, cuts)) {
    nowUs += stepUs;
    protocol.poller?.due(nowUs);
    protocol.decoder.append(chunk);
    cut.drain(protocol.decoder);
  }
  if (protocol.poller === undefined) compareWithWhole(spec, garbage, protocol.decoder, cut);
  if (protocol.decoder.discarded.bytes > garbage.length) throw new Error('more bytes discarded than came');
  let sent = 0;
  for (const endUs = nowUs + patienceUs; nowUs < endUs; nowUs += stepUs) {
    const bytes = exchange(protocol, device, nowUs);
    if (bytes === undefined) continue;
    for (let at = 0; at < bytes.length; at++) {
      protocol.decoder.append(bytes.subarray(at, at + 1));
      sent++;
      for (let r = protocol.decoder.next(); r; r = protocol.decoder.next()) {
        if (r.values.every((value, k) => Math.abs(value - currentA[k]) < toleranceA)) return sent;
      }
    }
  }
  throw new Error(`no right reading in ${sent} healthy bytes`);
}

function exchange(protocol: Protocol, device: SimulatedDevice, nowUs: number): Uint8Array | undefined {
  const request = protocol.poller?.due(nowUs);
  if (request) device.receive(request);
  return device.tick(nowUs);
}

function compareWithWhole(spec: ProtocolSpec, bytes: Uint8Array, cutDecoder: Decoder, cut: Digest): void {
  const { decoder } = createProtocol(spec);
  const whole = new Digest();
  decoder.append(bytes);
  whole.drain(decoder);
  const same = whole.readings === cut.readings && Object.is(whole.sum, cut.sum);
  const counted = (d: Decoder) => JSON.stringify([d.discarded.bytes, d.discarded.frames]);
  if (!same || counted(decoder) !== counted(cutDecoder)) throw new Error('another cut, another result');
}

/** Sums up readings, each weighed by its place. */
class Digest {
  readings = 0;
  sum = 0;

  drain(decoder: Decoder): void {
    for (let r = decoder.next(); r; r = decoder.next()) {
      this.readings++;
      for (const value of [...r.values, r.deviceTicks, r.sequence]) {
        const part = Number.isNaN(value) ? 0.5 : value % 1e6;
        this.sum = (this.sum * 0.7 + part) % 1e9;
      }
    }
  }
}

function* chunks(bytes: Uint8Array, cuts: Uint8Array): Generator<Uint8Array> {
  for (let at = 0, k = 0; at < bytes.length; k++) {
    const length = cuts.length === 0 ? bytes.length : 1 + cuts[k % cuts.length];
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
