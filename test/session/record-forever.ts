/** Records a made-up signal of about 1 kHz on the real clock until it is killed; says how far it is. */
import { Recorder } from '../../agent/session/recorder.ts';
import { startSessionClock } from '../../agent/session/session-clock.ts';
import { createReading } from '../../agent/signal/sample.ts';

const nowUs = () => Number(process.hrtime.bigint() / 1000n);
const clock = startSessionClock(nowUs, Date.now);
const recorder = await Recorder.start({
  folder: process.argv[2],
  sessionId: 'killed',
  channels: ['cur'],
  clock,
  metadata: {},
  library: 'test',
});
const reading = createReading(1);
let samples = 0;
setInterval(() => {
  const seconds = (nowUs() - clock.startUs) / 1e6;
  for (; samples < seconds * 1000; samples++) {
    reading.values[0] = samples;
    reading.deviceTicks = samples * 1000;
    recorder.reading(reading, nowUs());
  }
  process.stdout.write(`${JSON.stringify({ samples, seconds })}\n`);
}, 10);
