/**
 * Every real recording goes through a real pseudo terminal, serialport, the agent and a real broker, and what a
 * subscriber gets is what a direct run over the file gives.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from '../../agent/agent.ts';
import { configSchema } from '../../agent/config/schema.ts';
import { recordingPipeline } from '../../agent/evaluate.ts';
import type { Prediction } from '../../agent/judge.ts';
import { modelFolder } from '../../agent/model/card-file.ts';
import { type LoadedModel, loadModel } from '../../agent/model/load.ts';
import { createLogger } from '../../agent/service/log.ts';
import type { Recording } from '../../agent/session/recording.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { createReading } from '../../agent/signal/sample.ts';
import { recordingsFolder, skipWithoutRecordings } from '../helpers/data.ts';
import { type Mosquitto, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import { openTestPty } from '../helpers/pty.ts';

const skip = skipWithoutRecordings || noMosquitto;
const tolerance = 1e-6;
let folder: string;
let mosquitto: Mosquitto;
let model: LoadedModel;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'underfoot-recordings-'));
  mosquitto = await startMosquitto();
  model = await loadModel(modelFolder('husky-a200-1ch'));
});
after(async () => {
  if (skip) return;
  await model.classifier.close();
  await mosquitto.close();
  rmSync(folder, { recursive: true });
});

/** What the pipeline says about a file, sample by sample; nobody tells it that the file ends, as nobody tells an agent. */
async function direct(recording: Recording): Promise<Prediction[]> {
  const predictions: Prediction[] = [];
  const pipeline = recordingPipeline(model, recording);
  pipeline.watchers.add({ onPrediction: (prediction) => predictions.push(prediction) });
  const width = recording.channels.length;
  const reading = createReading(width);
  for (let row = 0; row < recording.rows; row++) {
    reading.deviceTicks = recording.ticks[row];
    reading.values.set(recording.values.subarray(row * width, (row + 1) * width));
    pipeline.push(reading, Number.NaN);
    if (pipeline.waiting > 0) await pipeline.idle();
  }
  await pipeline.idle();
  return predictions;
}

function startAgent(robotId: string, port: string): Promise<Agent> {
  const config = configSchema.parse({
    robotId,
    source: { kind: 'serial', port },
    protocol: {
      name: 'text',
      header: ['time', 'curL', 'curR', 'velL', 'velR'],
      columns: ['curL'],
      time: { column: 'time', unit: 's' },
    },
    model: model.folder,
    mqtt: { url: mosquitto.url },
    sessions: { folder },
    dashboard: false,
  });
  return Agent.start({
    config,
    configFile: 'test',
    version: '0.0.0',
    logger: createLogger({ level: 'silent' }),
  });
}

/** The predictions that a subscriber gets while the recording is sent through a pseudo terminal. */
async function overTheWire(recording: Recording, robotId: string, count: number) {
  const client = await TestClient.open(mosquitto.url, `underfoot/${robotId}/prediction`);
  const pty = await openTestPty();
  const agent = await startAgent(robotId, pty.path);
  try {
    // What a port says before the first end of line is the rest of a line that nobody saw the beginning of.
    await pty.writeAll('\n');
    await pty.writeAll(readFileSync(recording.file));
    await client.until(() => client.received.length >= count, `${recording.id}: ${count} predictions`);
    return client.received.map(({ json }) => json);
  } finally {
    await agent.stop();
    await pty.close();
    await client.close();
  }
}

test('every recording gives the same predictions over a pty and MQTT as directly, to 1e-6', {
  skip,
}, async () => {
  const { labels } = model.card;
  let windows = 0;
  for (const [i, recording] of [...recordingsIn(recordingsFolder)].entries()) {
    const expected = await direct(recording);
    const found = await overTheWire(recording, `robot-${i}`, expected.length);
    assert.equal(found.length, expected.length, recording.id);
    for (const [w, { probabilities, verdict, window }] of expected.entries()) {
      const where = `${recording.id}, window ${w}`;
      assert.equal(found[w].label, verdict.label, where);
      assert.ok(Math.abs(found[w].endUs - window.endUs) < 1, where);
      for (const [k, label] of labels.entries()) {
        assert.ok(Math.abs(found[w].probabilities[label] - probabilities[k]) <= tolerance, where);
        const smoothed = Math.abs(found[w].smoothedProbabilities[label] - verdict.smoothedProbabilities[k]);
        assert.ok(smoothed <= tolerance, where);
      }
    }
    windows += found.length;
  }
  assert.ok(windows > 1000, `${windows} windows`);
});
