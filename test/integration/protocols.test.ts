/**
 * Every simulated device, behind a real pseudo terminal, drives the demo model through serial source, decoder, poller, clock,
 * resampler and windows to a correct prediction.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assemble } from '../../agent/assemble.ts';
import type { Prediction } from '../../agent/judge.ts';
import { modelFolder } from '../../agent/model/card-file.ts';
import { type LoadedModel, loadModel } from '../../agent/model/load.ts';
import { guardWrites } from '../../agent/protocol/allow-list.ts';
import { type ProtocolSpec, protocolSchema } from '../../agent/protocol/registry.ts';
import { createSimulatedDevice } from '../../agent/simulate/devices/registry.ts';
import { SimulatedRobot } from '../../agent/simulate/robot.ts';
import { RobotCurrent } from '../../agent/simulate/robot-current.ts';
import { serveDevice } from '../../agent/simulate/serve.ts';
import { createSource } from '../../agent/source/create.ts';
import { PollLoop } from '../../agent/source/poll-loop.ts';

const channels = ['curL', 'curR'];
const rateHz = 50;
const specs: ProtocolSpec[] = [
  {
    name: 'text',
    header: ['t', 'curL', 'curR'],
    columns: channels,
    time: { column: 't', unit: 'us', wrapBits: 32 },
  },
  { name: 'plotter', columns: channels },
  { name: 'json', columns: channels, time: { path: 't', unit: 'ms' } },
  { name: 'underfoot', channels },
  { name: 'vesc', controllers: ['local', 10], channels },
  { name: 'odrive', channels },
  { name: 'roboclaw', channels },
  { name: 'roboteq', channels },
  { name: 'roboteq', repeatMs: 20, channels },
  { name: 'create', channels },
  { name: 'dynamixel', channels },
].map((input) => protocolSchema.parse(input));

/** The first two predictions of a robot that drives on `label` and speaks as `spec` says. */
async function predict(model: LoadedModel, spec: ProtocolSpec, label: string) {
  const robot = new SimulatedRobot({ seed: 2001, rateHz, labels: [label], dwellS: 600 });
  const served = await serveDevice(createSimulatedDevice(spec, new RobotCurrent(robot, rateHz).at, rateHz));
  const nominalRateHz = spec.name === 'create' ? 1000 / 15 : rateHz;
  const { pipeline, protocol } = assemble(model, {
    file: 'test',
    protocol: spec,
    midStream: true,
    nominalRateHz,
  });
  const source = createSource({ kind: 'serial', port: served.path, baudRate: 115200, silenceS: 10 });
  const { poller } = protocol;
  const polling =
    poller &&
    new PollLoop(
      poller,
      guardWrites(spec.name, (bytes) => source.write(bytes)),
    );
  try {
    return await new Promise<{ predictions: Prediction[]; commands: number }>((resolve, reject) => {
      const predictions: Prediction[] = [];
      pipeline.watchers.add({
        onPrediction: (prediction) => {
          predictions.push(prediction);
          if (predictions.length === 2) resolve({ predictions, commands: served.device.commands });
        },
        onFailure: reject,
      });
      source.start({
        onBytes: (bytes, arrivalUs) => {
          pipeline.feed(bytes, arrivalUs);
          polling?.kick();
        },
        onState: (state) => {
          if (state !== 'open') return polling?.stop();
          pipeline.restart();
          polling?.start();
        },
      });
    });
  } finally {
    polling?.stop();
    await source.close();
    await served.close();
  }
}

describe('a simulated device drives a correct prediction over a pseudo terminal', {
  concurrency: 12,
}, async () => {
  const model = await loadModel(modelFolder('demo-six-surfaces'));
  specs.forEach((spec, k) => {
    const label = k % 2 === 0 ? 'SAND' : 'CARPET';
    const how = spec.name === 'roboteq' && spec.repeatMs !== undefined ? ' that repeats by itself' : '';
    test(`${spec.name}${how} on ${label}`, { timeout: 90_000 }, async () => {
      const { predictions, commands } = await predict(model, spec, label);
      for (const { verdict } of predictions) assert.equal(verdict.label, label);
      assert.equal(commands, 0);
    });
  });
});
