import { type ProtocolSpec, protocolSchema } from '../../agent/protocol/registry.ts';

/** What is fuzzed: every protocol, and the variants that have code of their own. */
const inputs: Record<string, object> = {
  text: { name: 'text', columns: [1, 2], time: { column: 0, unit: 'us', wrapBits: 32 } },
  'text-blanks': { name: 'text', delimiter: ' ', decimal: ',', header: ['n', 'b', 'a'], columns: ['a', 'b'] },
  plotter: { name: 'plotter', columns: ['left', 'right'] },
  json: { name: 'json', columns: ['left', 'motor.right'], time: { path: 't', unit: 'ms' } },
  underfoot: { name: 'underfoot' },
  vesc: { name: 'vesc', controllers: ['local', 10] },
  odrive: { name: 'odrive' },
  roboclaw: { name: 'roboclaw' },
  'roboclaw-old': { name: 'roboclaw', integrity: 'checksum7' },
  roboteq: { name: 'roboteq' },
  'roboteq-stream': { name: 'roboteq', repeatMs: 20 },
  create: { name: 'create' },
  dynamixel: { name: 'dynamixel' },
};

export const subjects: ReadonlyMap<string, ProtocolSpec> = new Map(
  Object.entries(inputs).map(([key, input]) => [key, protocolSchema.parse(input)]),
);
