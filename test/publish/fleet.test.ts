import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFleet } from '../../scripts/fleet/run-fleet.ts';
import { noMosquitto } from '../helpers/mosquitto.ts';

test('a small fleet loses nothing while the broker is there, and comes back spread out when it was killed', {
  skip: noMosquitto || (process.platform !== 'linux' && 'broker usage is read from /proc'),
}, async () => {
  const agents = 50;
  const { phases, outages } = await runFleet({
    agents,
    processes: 2,
    phases: [{ seconds: 3, speed: 5 }],
    outagesS: [0.5],
  });
  const [phase] = phases;
  assert.equal(phase.lost, 0);
  // 0.65 predictions, 0.1 diagnostics and 0.03 surfaces a second; the first of each comes at random.
  assert.ok(phase.receivedPerS > agents * 5 * 0.5, `${phase.receivedPerS} messages/s`);
  assert.ok(phase.latencyMs.p99 < 2000, `${phase.latencyMs.p99} ms`);
  assert.ok(phase.brokerBytes > 0 && phase.brokerBytes < 100e6, `${phase.brokerBytes} bytes`);
  const [outage] = outages;
  assert.ok(outage.peakConnectsPerS <= agents);
  assert.ok(outage.allBackS < 60, `${outage.allBackS} s`);
});
