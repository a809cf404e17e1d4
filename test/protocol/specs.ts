import {
  type Protocol,
  type ProtocolName,
  type ProtocolSpec,
  protocolSchema,
} from '../../agent/protocol/registry.ts';
import type { SimulatedDevice } from '../../agent/simulate/devices/device.ts';
import { drain, type Kept } from './helpers.ts';

/** A few specifications of every protocol, two channels each unless their name says otherwise. */
const inputs: object[] = [
  { name: 'text', columns: [0, 1] },
  { name: 'text', columns: ['left', 'right'], header: true, time: { column: 't', unit: 'us', wrapBits: 32 } },
  { name: 'text', delimiter: ';', decimal: ',', columns: [2, 1], sequence: { column: 0, wrapBits: 16 } },
  { name: 'plotter', columns: ['left', 'right'] },
  { name: 'plotter', columns: [1, 0] },
  { name: 'json', columns: ['left', 'motor.right'], time: { path: 't', unit: 'ms' } },
  { name: 'underfoot' },
  { name: 'vesc', controllers: ['local', 10] },
  { name: 'vesc', controllers: ['local', 10], command: 'values' },
  { name: 'odrive' },
  { name: 'odrive', currents: ['axis1', 'ibus'], checksum: false, firmware: '0.6' },
  { name: 'roboclaw' },
  { name: 'roboclaw', integrity: 'checksum7', address: 0x83 },
  { name: 'roboteq' },
  { name: 'roboteq', repeatMs: 20 },
  { name: 'create' },
  { name: 'dynamixel' },
];

export const specs: ProtocolSpec[] = inputs.map((input) => protocolSchema.parse(input));

export const specOf = <Name extends ProtocolName>(name: Name, more: object = {}) =>
  protocolSchema.parse({ name, ...more }) as Extract<ProtocolSpec, { name: Name }>;

/** What a protocol's rounding may change, in A. */
export function stepA(spec: ProtocolSpec): number {
  if (spec.name === 'roboteq') return 0.1;
  if (spec.name === 'roboclaw' || spec.name === 'vesc') return 0.01;
  return spec.name === 'dynamixel' ? 0.00269 : 0.001;
}

export const describeSpec = (spec: ProtocolSpec): string => {
  const { name, ...rest } = spec;
  return `${name} ${JSON.stringify(rest)}`;
};

/** Joins protocol and device by a line without time of its own, and runs them on virtual time. */
export class VirtualLine {
  nowUs = 0;
  /** Bytes that the device has sent. */
  sent = 0;
  readonly #protocol: Protocol;
  readonly #device: SimulatedDevice;
  readonly #damage: (bytes: Uint8Array) => Uint8Array;

  constructor(protocol: Protocol, device: SimulatedDevice, damage = (bytes: Uint8Array) => bytes) {
    this.#protocol = protocol;
    this.#device = device;
    this.#damage = damage;
  }

  run(durationUs: number, stepUs = 1000): Kept[] {
    const kept: Kept[] = [];
    for (const endUs = this.nowUs + durationUs; this.nowUs < endUs; this.nowUs += stepUs) {
      const request = this.#protocol.poller?.due(this.nowUs);
      if (request) this.#device.receive(request);
      const bytes = this.#device.tick(this.nowUs);
      if (bytes === undefined) continue;
      this.sent += bytes.length;
      this.#protocol.decoder.append(this.#damage(bytes));
      kept.push(...drain(this.#protocol.decoder));
    }
    return kept;
  }
}
