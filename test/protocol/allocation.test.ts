import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProtocol, type ProtocolSpec } from '../../agent/protocol/registry.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';
import { specOf } from './specs.ts';

const readings = 20_000;
const chunkBytes = 4096;

/** Bytes of heap that a reading costs once the decoder is warm: the least of ten tries, since others allocate too. */
function heapBytesPerReading(spec: ProtocolSpec): number {
  const rateHz = 10_000;
  const device = createSimulatedDevice(spec, (channel, timeUs) => channel + (timeUs % 997) / 1000, rateHz);
  device.tick(0);
  const bytes = device.tick((readings * 1e6) / rateHz)!;
  const { decoder } = createProtocol(spec, { midStream: false });
  const decodeAll = (): number => {
    let count = 0;
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      decoder.append(bytes.subarray(at, at + chunkBytes));
      while (decoder.next() !== undefined) count++;
    }
    return count;
  };
  for (let k = 0; k < 10; k++) assert.equal(decodeAll(), readings);
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 10; k++) {
    const before = process.memoryUsage().heapUsed;
    decodeAll();
    const grown = process.memoryUsage().heapUsed - before;
    // A collection in between makes it shrink: that try says nothing.
    if (grown >= 0) least = Math.min(least, grown);
  }
  return least / readings;
}

for (const spec of [
  specOf('text', { columns: [1, 2], time: { column: 0, unit: 'us', wrapBits: 32 } }),
  specOf('plotter', { columns: ['left', 'right'] }),
  specOf('underfoot'),
]) {
  test(`a reading of ${spec.name} costs no allocation`, () => {
    // One number on the heap would be 12 to 16 bytes; the subarray of a chunk is shared by some hundred readings.
    assert.ok(heapBytesPerReading(spec) < 4);
  });
}
