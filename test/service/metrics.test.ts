import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeHealth } from '../../agent/service/health.ts';
import { byLabel, counter, formatMetrics, gauge } from '../../agent/service/metrics.ts';

test('metrics are written in the Prometheus text format', () => {
  const text = formatMetrics([
    gauge('confidence_ratio', 'Confidence of the last window', 0.94),
    byLabel(counter('discarded_frames', 'Frames refused', 0), 'reason', { crc: 3, 'odd"one': 1 }),
    gauge('nothing', 'Not known', Number.NaN),
  ]);
  assert.equal(
    text,
    `# HELP underfoot_confidence_ratio Confidence of the last window
# TYPE underfoot_confidence_ratio gauge
underfoot_confidence_ratio 0.94
# HELP underfoot_discarded_frames_total Frames refused
# TYPE underfoot_discarded_frames_total counter
underfoot_discarded_frames_total{reason="crc"} 3
underfoot_discarded_frames_total{reason="odd\\"one"} 1
`,
  );
});

test('an absent device is alive but not ready; a stall is neither; a broker away changes neither', () => {
  const well = { stall: undefined, modelLoaded: true, deviceAbsent: false, brokerConnected: true };
  assert.deepEqual(judgeHealth(well), { alive: true, ready: true, reasons: [] });
  const absent = judgeHealth({ ...well, deviceAbsent: true });
  assert.deepEqual([absent.alive, absent.ready], [true, false]);
  const stalled = judgeHealth({ ...well, stall: 'model does not answer' });
  assert.deepEqual([stalled.alive, stalled.ready], [false, false]);
  const lonely = judgeHealth({ ...well, brokerConnected: false });
  assert.deepEqual([lonely.alive, lonely.ready, lonely.reasons.length], [true, true, 1]);
});
