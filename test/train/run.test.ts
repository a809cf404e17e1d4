import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { loadCard } from '../../agent/model/card-file.ts';
import { loadModel } from '../../agent/model/load.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';
import { diagnose } from '../../agent/train/diagnose/diagnose.ts';
import { diagnosisPage } from '../../agent/train/diagnose/page.ts';
import { search } from '../../agent/train/diagnose/search.ts';
import { type TrainOptions, trainOptionsSchema } from '../../agent/train/run/options.ts';
import { trainRun } from '../../agent/train/run/run.ts';
import { heldOutOf, type RunResult } from '../../agent/train/run/run-files.ts';
import { randomAt } from '../../agent/train/seeded.ts';

const folder = mkdtempSync(join(tmpdir(), 'underfoot-train-'));
const data = join(folder, 'data');
const hooks = { codeVersion: 'test' };

/** Two surfaces that an LSTM can tell apart: a calm current and one that swings. */
before(() => {
  for (const label of ['CALM', 'WILD']) {
    mkdirSync(join(data, label), { recursive: true });
    for (let r = 0; r < 4; r++) {
      const random = randomAt(r, label.length, label.charCodeAt(0));
      const rows = Array.from({ length: 200 }, (_, i) => {
        const swing = label === 'WILD' ? 2 * Math.sin(i / 2) : 0;
        return `${(i / 10).toFixed(3)},${(4 + swing + 0.3 * random.normal()).toFixed(3)}`;
      });
      writeFileSync(join(data, label, `r${r}.csv`), `time,cur\n${rows.join('\n')}\n`);
    }
  }
});
after(() => rmSync(folder, { recursive: true }));

function options(more: Partial<TrainOptions> = {}): TrainOptions {
  return trainOptionsSchema.parse({
    name: 'test',
    data,
    channels: [{ name: 'cur', unit: 'A' }],
    rateHz: 10,
    steps: 20,
    stride: 10,
    architecture: 'lstm',
    units: [8],
    bidirectional: false,
    batchNorm: true,
    dropout: 0.2,
    optimiser: { kind: 'adam', learningRate: 0.01 },
    batchSize: 16,
    epochs: 24,
    seed: 5,
    balance: 'labels',
    split: 'recording',
    folds: 4,
    ...more,
  });
}

async function train(name: string, more: Partial<TrainOptions> = {}): Promise<RunResult> {
  const { result } = await trainRun(join(folder, name), options(more), hooks);
  assert.ok(result);
  return result;
}

/** `underfoot train` with the options of `options()`; `kernel`: as in UNDERFOOT_KERNEL. */
function start(out: string, kernel?: 'plain'): ChildProcess {
  const flags =
    '--name test --channels cur --rate 10 --steps 20 --units 8 --batch-norm --dropout 0.2 --learning-rate 0.01 ' +
    '--batch-size 16 --epochs 24 --seed 5 --folds 4 --json';
  const argv = [
    '--import',
    'tsx',
    'agent/cli.ts',
    'train',
    '--data',
    data,
    '--out',
    out,
    ...flags.split(' '),
  ];
  const env = { ...process.env, ...(kernel && { UNDERFOOT_KERNEL: kernel }) };
  return spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', kernel ? 'pipe' : 'inherit'], env });
}

describe('the diagnosis of a run', () => {
  it('finds a mislabelled recording, a repeated one, and windows on both sides of a random split', async () => {
    const own = join(folder, 'spoiled');
    cpSync(data, own, { recursive: true });
    // One calm drive under the wrong label, and one drive twice, the second time cut.
    cpSync(join(data, 'CALM', 'r0.csv'), join(own, 'WILD', 'wrong.csv'));
    const lines = readFileSync(join(data, 'WILD', 'r1.csv'), 'utf8').split('\n');
    writeFileSync(join(own, 'WILD', 'again.csv'), [lines[0], ...lines.slice(40)].join('\n'));
    rmSync(join(own, 'CALM', 'r0.csv'));
    const more = { data: own, split: 'random', batchNorm: false, balance: 'none', epochs: 40 } as const;
    await train('spoiled-run', { ...more, optimiser: { kind: 'adam', learningRate: 0.02 } });
    const { findings, suspects } = await diagnose(join(folder, 'spoiled-run'));
    const leaks = findings.filter((f) => f.topic === 'leakage').map((f) => f.what);
    assert.ok(
      leaks.some((what) => what.includes('on both sides')),
      leaks.join(),
    );
    assert.ok(
      leaks.some((what) => what.includes('WILD/again') && what.includes('WILD/r1')),
      leaks.join(),
    );
    assert.equal(suspects[0].recording, 'WILD/wrong');
    assert.equal(suspects[0].predicted, 'CALM');
    assert.ok(suspects.filter((s) => s.recording === 'WILD/wrong').length > suspects.length / 2);
    assert.match(diagnosisPage({ run: 'x', findings, suspects }), /<svg.*WILD\/wrong/s);
  });

  it('finds nothing wrong with a good run', async () => {
    await train('clean', { batchNorm: false, dropout: 0, optimiser: { kind: 'adam', learningRate: 0.03 } });
    const { findings, suspects } = await diagnose(join(folder, 'clean'));
    assert.deepEqual(
      findings.filter((f) => f.level === 'problem'),
      [],
    );
    assert.equal(suspects.length, 0);
    const trials = await search(join(folder, 'clean'), 2);
    assert.equal(trials.length, 9);
    assert.ok(trials[0].loss <= trials[8].loss);
  });

  it('refuses a folder that is no run', async () => {
    await assert.rejects(
      diagnose(folder),
      /run.json: found no such file, expected a folder made by underfoot train/,
    );
  });
});

describe('a training run', () => {
  it('learns, judges recordings that it did not see, and leaves a model that loads', async () => {
    const result = await train('good', { batchNorm: false, optimiser: { kind: 'adam', learningRate: 0.03 } });
    assert.ok(result.heldOut.balancedAccuracy > 0.9, `balanced accuracy ${result.heldOut.balancedAccuracy}`);
    assert.equal(result.history.length, 24);
    assert.ok(result.history[23].loss < result.history[0].loss / 2);
    const model = await loadModel(join(folder, 'good', 'model'));
    assert.deepEqual(model.card.labels, ['CALM', 'WILD']);
    assert.match(model.card.heldOut.method, /recordings that were not trained on/);
    await model.classifier.close();
    const report = readFileSync(join(folder, 'good', 'report.html'), 'utf8');
    assert.doesNotMatch(report, /https?:\/\/(?!www\.w3\.org)/);
    for (const part of ['Confusion', 'Reliability', 'Brier score', 'By recording', '<svg'])
      assert.ok(report.includes(part), part);
  });

  it('never has windows of one recording on both sides', async () => {
    await train('sides', { epochs: 1 });
    const { heldOutRecordings } = JSON.parse(readFileSync(join(folder, 'sides', 'run.json'), 'utf8'));
    const result = JSON.parse(readFileSync(join(folder, 'sides', 'result.json'), 'utf8')) as RunResult;
    const trained = new Set(result.hardest.map((h) => h.recording));
    assert.equal(trained.size, 6);
    assert.equal(heldOutRecordings.length, 2);
    for (const id of heldOutRecordings) assert.ok(!trained.has(id));
    // The same ones are found again to compare models by.
    const again = [...heldOutOf(join(folder, 'sides'), recordingsIn(data))].map((r) => r.id);
    assert.deepEqual(again, heldOutRecordings);
    assert.throws(
      () => [...heldOutOf(join(folder, 'sides'), recordingsIn(join(data, 'CALM')))],
      /run\.json: heldOutRecordings: found .*, none of them in the data, expected recordings of /,
    );
  });

  it('with one recording to judge by, leaves a model that does not claim to know its accuracy', async () => {
    const few = join(folder, 'few');
    for (const name of ['CALM/r0.csv', 'CALM/r1.csv', 'WILD/r0.csv'])
      cpSync(join(data, name), join(few, name), { recursive: true });
    await train('few-run', { data: few, epochs: 2 });
    const { heldOutRecordings } = JSON.parse(readFileSync(join(folder, 'few-run', 'run.json'), 'utf8'));
    assert.equal(heldOutRecordings.length, 1);
    assert.equal(loadCard(join(folder, 'few-run', 'model')).reference.accuracy, undefined);
  });

  it('gives the same weights for the same seed, and others for another', async () => {
    const [a, b, c] = [
      await train('seed-a', { epochs: 2 }),
      await train('seed-b', { epochs: 2 }),
      await train('seed-c', { epochs: 2, seed: 6 }),
    ];
    assert.equal(a.weightsSha256, b.weightsSha256);
    assert.notEqual(a.weightsSha256, c.weightsSha256);
  });

  it('goes on after kill -9 to the weights of a run that was never interrupted', async () => {
    const whole = await train('whole');
    const out = join(folder, 'killed');
    const first = start(out);
    for await (const line of createInterface(first.stdout!)) {
      if (JSON.parse(line).epoch >= 12) break;
    }
    const ended = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGKILL');
    await ended;
    assert.ok(existsSync(join(out, 'checkpoint.bin')));
    assert.ok(!existsSync(join(out, 'result.json')));

    // The kernel of another build would end with other weights: it is refused, and the checkpoint stays.
    const before = readFileSync(join(out, 'checkpoint.bin'));
    const other = start(out, 'plain');
    const [said, [code]] = await Promise.all([text(other.stderr!), once(other, 'exit')]);
    assert.equal(code, 65, said);
    assert.match(
      said,
      /checkpoint\.bin: kernel: found .+, expected plain typed arrays, or UNDERFOOT_KERNEL and Node as when it began/,
    );
    assert.doesNotMatch(said, /\n\s+at /);
    assert.ok(readFileSync(join(out, 'checkpoint.bin')).equals(before));

    const second = start(out);
    const epochs: number[] = [];
    let last = '';
    for await (const line of createInterface(second.stdout!)) {
      last = line;
      const { epoch } = JSON.parse(line);
      if (epoch) epochs.push(epoch);
    }
    assert.ok(epochs[0] > 10, `went on with epoch ${epochs[0]}`);
    assert.equal(JSON.parse(last).weightsSha256, whole.weightsSha256);
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
    assert.deepEqual(result.history, whole.history);
    assert.deepEqual(result.hardest, whole.hardest);
  });

  it('refuses to go on with other options, and says which', async () => {
    await train('same', { epochs: 1 });
    await assert.rejects(
      train('same', { epochs: 2, stride: 5 }),
      /run\.json: stride: found 10, expected 5; epochs: found 1, expected 2: another run lives here/,
    );
    const grown = join(folder, 'grown');
    cpSync(data, grown, { recursive: true });
    await train('grown-run', { data: grown, epochs: 1 });
    cpSync(join(data, 'CALM', 'r0.csv'), join(grown, 'CALM', 'r9.csv'));
    await assert.rejects(train('grown-run', { data: grown, epochs: 1 }), /data: found other recordings in /);
  });

  it('stops early and takes the best weights', async () => {
    const result = await train('early', {
      epochs: 60,
      patience: 3,
      optimiser: { kind: 'adam', learningRate: 0.05 },
    });
    assert.equal(result.stopped, 'patience');
    assert.equal(result.history.length, result.bestEpoch + 3);
    const losses = result.history.map((h) => h.valLoss as number);
    assert.equal(Math.min(...losses), losses[result.bestEpoch - 1]);
  });

  for (const kind of ['rmsprop', 'sgd'] as const) {
    it(`trains with ${kind}, the whole set as one batch`, async () => {
      const optimiser = { kind, learningRate: kind === 'sgd' ? 0.1 : 0.01 };
      const { history } = await train(kind, { optimiser, batchSize: 'full', epochs: 5, dropout: 0 });
      assert.ok(history[4].loss < history[0].loss);
    });
  }

  it('trains a bidirectional LSTM over fixed features, drawing recordings evenly', async () => {
    const result = await train('features', { architecture: 'features', balance: 'recordings', epochs: 4 });
    assert.ok(result.heldOut.balancedAccuracy > 0.9);
  });
});
