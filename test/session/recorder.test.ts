import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { itemsOf, type SessionItem } from '../../agent/session/reader.ts';
import type { RecorderOptions } from '../../agent/session/recorder.ts';
import { python, skipWithoutPython } from '../helpers/python.ts';
import { feed, startRecorder, testFolder, testWallMs, until } from './helpers.ts';

const root = testFolder('recorder');

async function start(options: Partial<RecorderOptions> = {}) {
  const folder = mkdtempSync(join(root, 's-'));
  return { folder, ...(await startRecorder(folder, options)) };
}

const all = (file: string, ...kinds: SessionItem['kind'][]) => [...itemsOf(file, { kinds })];

test('what was recorded is read back: samples to the last bit, labels, events, predictions, drift, metadata', async () => {
  const { folder, recorder, time } = await start();
  recorder.label('ASPHALT', 'command');
  feed(recorder, time, 0, 1500);
  recorder.label('ICE', 'key');
  recorder.prediction({ windowIndex: 3, label: 'ICE', confidence: 0.1 + 0.2 });
  recorder.drift({ state: 'stable' });
  recorder.event('mark', 'a bump');
  feed(recorder, time, 1500, 2000);
  const end = await recorder.stop();
  assert.equal(end.complete, true);
  assert.equal(end.samples, 2000);
  assert.deepEqual(readdirSync(folder), ['test-0001.mcap']);

  const items = [...itemsOf(join(folder, 'test-0001.mcap'))];
  const head = items.find((i) => i.kind === 'head');
  assert.equal(head?.head.id, 'test');
  assert.deepEqual(head?.head.channels, ['curL', 'curR']);
  assert.equal(head?.head.startTime, '2026-01-02T03:04:05.678Z');
  assert.equal(head?.head.metadata.robot.id, 'husky');
  let next = 0;
  for (const item of items) {
    if (item.kind !== 'samples') continue;
    const { samples } = item;
    assert.equal(samples.first, next);
    for (let i = 0; i < samples.count; i++, next++) {
      assert.equal(samples.values[0][i], next / 8);
      assert.equal(samples.values[1][i], -next + 0);
      assert.equal(samples.ticks[i], next * 1000);
      assert.equal(samples.sequence[i], next & 0xff);
      assert.equal(samples.arrivalUs[i], 5_001_000 + next * 1000);
    }
  }
  assert.equal(next, 2000);
  const labels = items.flatMap((i) => (i.kind === 'label' ? [[i.message.label, i.message.atUs]] : []));
  assert.deepEqual(labels, [
    ['ASPHALT', 5_000_000],
    ['ICE', 6_500_000],
  ]);
  const prediction = items.find((i) => i.kind === 'prediction');
  assert.equal(prediction?.message.confidence, 0.1 + 0.2);
  const mark = items.find((i) => i.kind === 'event');
  assert.deepEqual(mark?.message, { kind: 'mark', atUs: 6_500_000, atSample: 1500, detail: 'a bump' });
});

test('the reference reader of another language reads the file, its index and its checksums', {
  skip: skipWithoutPython('mcap', 'zstandard'),
}, async () => {
  const { folder, recorder, time } = await start();
  recorder.label('SNOW', 'command');
  feed(recorder, time, 0, 5000);
  await recorder.stop();
  const program = `
import json, sys
from mcap.reader import make_reader
with open(sys.argv[1], 'rb') as f:
    reader = make_reader(f, validate_crcs=True)
    summary = reader.get_summary()
    out = {'messages': summary.statistics.message_count, 'chunks': summary.statistics.chunk_count,
           'indexed': len(summary.chunk_indexes), 'schemas': sorted(s.name for s in summary.schemas.values()),
           'metadata': {m.name: m.metadata for m in reader.iter_metadata()}, 'samples': 0, 'labels': []}
    for schema, channel, message in reader.iter_messages():
        value = json.loads(message.data)
        assert schema.encoding == 'jsonschema' and channel.message_encoding == 'json'
        if channel.topic == 'samples': out['samples'] += value['count']
        if channel.topic == 'labels': out['labels'].append(value['label'])
        out['first'] = min(out.get('first', message.log_time), message.log_time)
from mcap.stream_reader import StreamReader
from mcap.records import Footer
with open(sys.argv[1], 'rb') as f:
    records = list(StreamReader(f, validate_crcs=True).records)
out['footer'] = isinstance(records[-1], Footer)
print(json.dumps(out))`;
  const out = JSON.parse(
    execFileSync(python, ['-c', program, join(folder, 'test-0001.mcap')], { encoding: 'utf8' }),
  );
  assert.equal(out.samples, 5000);
  assert.deepEqual(out.labels, ['SNOW']);
  assert.equal(out.footer, true);
  assert.equal(out.indexed, out.chunks);
  assert.ok(out.schemas.includes('underfoot.Samples'));
  assert.equal(out.metadata.robot.id, 'husky');
  assert.equal(out.metadata.summary.samples, '5000');
  assert.equal(out.first, testWallMs * 1e6);
});

test('a label that was undone was never there', async () => {
  const { folder, recorder, time } = await start();
  recorder.label('ASPHALT', 'key');
  feed(recorder, time, 0, 100);
  recorder.label('ICE', 'key');
  assert.equal(recorder.state.label, 'ICE');
  recorder.undo('key');
  assert.equal(recorder.state.label, 'ASPHALT');
  await recorder.stop();
  assert.equal(all(join(folder, 'test-0001.mcap'), 'label').length, 3);
});

test('files rotate by size, and each says the labels so far and continues the samples', async () => {
  const { folder, recorder, time } = await start({ limits: { maxPartBytes: 3000, chunkMs: 1 } });
  recorder.label('ASPHALT', 'command');
  for (let i = 0; i < 8; i++) {
    feed(recorder, time, i * 300, i * 300 + 300);
    const before = recorder.state.bytes;
    await until(() => recorder.state.bytes > before, 'a chunk is written');
  }
  const { files, complete } = await recorder.stop();
  assert.equal(complete, true);
  assert.ok(files.length > 1, `${files.length} files`);
  assert.deepEqual(readdirSync(folder).length, files.length);
  let next = 0;
  for (const file of files) {
    const [first] = all(file, 'label');
    assert.ok(
      first.kind === 'label' && first.message.label === 'ASPHALT' && first.message.atUs === 5_000_000,
    );
    for (const item of all(file, 'samples')) {
      assert.ok(item.kind === 'samples' && item.samples.first === next);
      next += item.samples.count;
    }
  }
  assert.equal(next, 2400);
});

test('files rotate by age', async () => {
  const { recorder, time } = await start({ limits: { maxPartS: 2, chunkMs: 1 } });
  for (let i = 0; i < 12; i++) {
    feed(recorder, time, i * 1000, i * 1000 + 1000);
    const before = recorder.state.bytes;
    await until(() => recorder.state.bytes > before, 'a chunk is written');
  }
  const { files, samples } = await recorder.stop();
  assert.ok(files.length > 2, `${files.length} files`);
  let next = 0;
  for (const file of files) {
    const batches = all(file, 'samples').flatMap((item) => (item.kind === 'samples' ? [item.samples] : []));
    assert.equal(batches[0].first, next);
    const last = batches[batches.length - 1];
    next = last.first + last.count;
    // Chunks are a second long here: the one with which the file was opened, those until it is old enough, and one that
    // came meanwhile.
    const lengthUs = last.arrivalUs[last.count - 1] - batches[0].arrivalUs[0];
    assert.ok(lengthUs <= 4e6, `${lengthUs} us in ${file}`);
  }
  assert.equal(next, samples);
});
