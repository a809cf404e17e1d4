import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadMqtt } from '../../agent/config/load.ts';
import { answerSchema, commands, errorCodes } from '../../agent/publish/command-payloads.ts';

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('every request in docs/mqtt-commands.md is a valid one, and every command and error code is explained', () => {
  const text = read('mqtt-commands.md');
  const requests = [...text.matchAll(/command\/([a-z-]+)[^\n`']*-m '([^']+)'/g)];
  assert.ok(requests.length >= 14, `${requests.length} examples`);
  for (const [, name, json] of requests)
    commands[name as keyof typeof commands].request.parse(JSON.parse(json));
  for (const name of Object.keys(commands)) {
    assert.match(text, new RegExp(`^### ${name}$`, 'm'));
    assert.ok(
      requests.some((r) => r[1] === name),
      name,
    );
  }
  for (const code of errorCodes) assert.ok(text.includes(`| \`${code}\``), code);
  const [, answer] = /```json\n(.*?)\n```/s.exec(text) ?? [];
  answerSchema.parse(JSON.parse(answer));
});

test('the configurations in docs/mqtt.md and docs/mqtt-models.md are valid', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-docs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ['mqtt.md', 'mqtt-models.md']) {
    const blocks = [...read(name).matchAll(/```yaml\n(.*?)```/gs)].map((m) => m[1]);
    assert.ok(blocks.length > 0, name);
    for (const block of blocks) {
      assert.ok(parse(block).mqtt, name);
      writeFileSync(join(folder, 'robot.yaml'), block);
      loadMqtt(join(folder, 'robot.yaml'));
    }
  }
});
