import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ForbiddenRequestError, guardWrites, isReadRequest } from '../../agent/protocol/allow-list.ts';
import { odriveRequests } from '../../agent/protocol/odrive.ts';
import { createProtocol, type ProtocolSpec } from '../../agent/protocol/registry.ts';
import { vescFrame } from '../../agent/protocol/vesc.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';
import { ascii, hex } from './helpers.ts';
import { describeSpec, specOf, specs } from './specs.ts';

/** Every request that a protocol's poller makes in a while, whether it is answered or not. */
function requestsOf(spec: ProtocolSpec, answered: boolean): Uint8Array[] {
  const { decoder, poller } = createProtocol(spec);
  const device = createSimulatedDevice(spec, () => 1, 50);
  const requests: Uint8Array[] = [];
  for (let nowUs = 0; nowUs < 3e6; nowUs += 5000) {
    const request = poller?.due(nowUs);
    if (request) requests.push(Uint8Array.from(request));
    if (request && answered) device.receive(request);
    const bytes = device.tick(nowUs);
    if (bytes) decoder.append(bytes);
    while (decoder.next());
  }
  return requests;
}

const anySpec = fc.oneof(
  fc.constantFrom(...specs),
  fc
    .record({
      controllers: fc.uniqueArray(fc.oneof(fc.constant('local'), fc.nat(253)), {
        minLength: 1,
        maxLength: 8,
      }),
      currents: fc.constantFrom(['motor'], ['input'], ['input', 'motor']),
      command: fc.constantFrom('selective', 'values'),
    })
    .map((more) => specOf('vesc', more)),
  fc
    .record({ ids: fc.uniqueArray(fc.nat(252), { minLength: 1, maxLength: 8 }), address: fc.nat(1023) })
    .map((more) => specOf('dynamixel', more)),
  fc
    .record({
      currents: fc.uniqueArray(fc.constantFrom('axis0', 'axis1', 'ibus'), { minLength: 1 }),
      firmware: fc.constantFrom('0.5', '0.6'),
      checksum: fc.boolean(),
    })
    .map((more) => specOf('odrive', more)),
  fc.record({ repeatMs: fc.integer({ min: 1, max: 1000 }) }).map((more) => specOf('roboteq', more)),
  fc.record({ address: fc.integer({ min: 0x80, max: 0x87 }) }).map((more) => specOf('roboclaw', more)),
  fc
    .record({
      motors: fc.uniqueArray(fc.constantFrom('left', 'right', 'mainBrush', 'sideBrush'), { minLength: 1 }),
    })
    .map((more) => specOf('create', more)),
);

test('whatever the specification, everything that a poller sends is on the allow-list', () => {
  fc.assert(
    fc.property(anySpec, fc.boolean(), (spec, answered) => {
      for (const request of requestsOf(spec, answered)) {
        assert.ok(
          isReadRequest(spec.name, request),
          `${describeSpec(spec)}: ${Buffer.from(request).toString('hex')}`,
        );
      }
    }),
    { numRuns: 100 },
  );
});

test('devices that talk by themselves are never written to', () => {
  for (const name of ['text', 'plotter', 'json', 'underfoot'] as const) {
    for (const spec of specs.filter((s) => s.name === name)) assert.deepEqual(requestsOf(spec, true), []);
    fc.assert(fc.property(fc.uint8Array(), (bytes) => !isReadRequest(name, bytes)));
  }
});

test('whatever the allow-list lets through, a device takes for a read: nothing commands it', () => {
  const polled = specs.filter((spec) => createProtocol(spec).poller !== undefined);
  let passed = 0;
  const attempt = fc.tuple(
    fc.constantFrom(...polled),
    fc.nat(),
    fc.array(fc.tuple(fc.nat(80), fc.constantFrom('set', 'insert', 'delete'), fc.nat(255)), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(attempt, ([spec, pick, changes]) => {
      const requests = requests50(spec);
      const bytes = [...requests[pick % requests.length]];
      for (const [at, how, value] of changes) {
        const place = at % (bytes.length + 1);
        if (how === 'set') bytes[Math.min(place, bytes.length - 1)] = value;
        else bytes.splice(place, how === 'delete' ? 1 : 0, ...(how === 'insert' ? [value] : []));
        if (bytes.length === 0) bytes.push(value);
      }
      const message = Uint8Array.from(bytes);
      if (!isReadRequest(spec.name, message)) return;
      passed++;
      const device = createSimulatedDevice(spec, () => 1, 50);
      if (spec.name === 'create') device.receive(Uint8Array.of(128));
      device.receive(message);
      device.tick(0);
      assert.equal(device.commands, 0, Buffer.from(message).toString('hex'));
    }),
    { numRuns: 5000 },
  );
  assert.ok(passed > 500, `only ${passed} messages passed`);
});

const cache = new Map<ProtocolSpec, Uint8Array[]>();
function requests50(spec: ProtocolSpec): Uint8Array[] {
  if (!cache.has(spec)) cache.set(spec, requestsOf(spec, true).slice(0, 50));
  return cache.get(spec)!;
}

test('of all single-byte changes of an ODrive request only the other axis passes, and with a checksum nothing', () => {
  for (const checksum of [true, false]) {
    const spec = specOf('odrive', { currents: ['axis0', 'ibus'], checksum });
    const passed = new Set<string>();
    for (const request of odriveRequests(spec)) {
      for (let at = 0; at < request.length; at++) {
        for (let byte = 0; byte < 256; byte++) {
          const changed = Uint8Array.from(request);
          changed[at] = byte;
          if (byte !== request[at] && isReadRequest('odrive', changed))
            passed.add(String.fromCharCode(...changed));
        }
      }
    }
    const others = checksum ? [] : ['r axis1.motor.current_control.Iq_measured\n'];
    assert.deepEqual([...passed], others);
  }
});

test('messages that would move a motor are refused, whole, cut, doubled or hidden behind a read', () => {
  const forbidden: [ProtocolSpec['name'], Uint8Array][] = [
    ['vesc', vescFrame(Uint8Array.of(5, 0, 0, 39, 16))],
    ['vesc', vescFrame(Uint8Array.of(6, 0, 0, 39, 16))],
    ['vesc', vescFrame(Uint8Array.of(34, 10, 6, 0, 0, 39, 16))],
    ['vesc', hex('02 01 04 40 84')],
    ['vesc', hex('02 01 04 40 84 03 02 01 04 40 84 03')],
    ['odrive', ascii('c 0 10\n')],
    ['odrive', ascii('r ibus\nc 0 10\n')],
    ['odrive', ascii('w axis0.requested_state 8\n')],
    ['odrive', ascii('r ibus')],
    ['roboclaw', hex('80 00 7f')],
    ['roboclaw', hex('80 22')],
    ['roboclaw', hex('80 31 80 31')],
    ['roboteq', ascii('!G 1 500\r')],
    ['roboteq', ascii('?A\r!G 1 500\r')],
    ['roboteq', ascii('?A_!G 1 500\r')],
    ['create', hex('89 00 c8 80 00')],
    ['create', hex('83')],
    ['create', hex('94 01 36 89')],
    ['dynamixel', hex('ff ff fd 00 01 09 00 03 74 00 00 02 00 00 ca 89')],
    ['dynamixel', hex('ff ff fd 00 fe 03 00 08 2f 72')],
  ];
  for (const [name, bytes] of forbidden)
    assert.equal(isReadRequest(name, bytes), false, Buffer.from(bytes).toString());
});

test('the guard at the port writes read requests and throws on anything else before a byte is written', () => {
  const written: Uint8Array[] = [];
  const write = guardWrites('roboclaw', (bytes) => written.push(bytes));
  write(hex('80 31'));
  assert.throws(() => write(hex('80 00 7f')), ForbiddenRequestError);
  assert.throws(() => write(hex('')), ForbiddenRequestError);
  assert.deepEqual(written, [hex('80 31')]);
});

test('no file of the agent writes to a source but through the guard', () => {
  let guarded = 0;
  for (const name of readdirSync('agent', { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const code = readFileSync(join('agent', name), 'utf8');
    if (!/\bcreateSource\(|\bnew (Serial|Tcp)Source\(/.test(code) || name === join('source', 'create.ts'))
      continue;
    const writes = code.match(/\bsource\??\.write\b/gi)?.length ?? 0;
    const guards = code.match(/guardWrites\([^;]*?\bsource\.write\(/gi)?.length ?? 0;
    assert.equal(writes, guards, name);
    guarded += guards;
  }
  assert.ok(guarded > 0);
});
