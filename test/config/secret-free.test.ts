import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretFree } from '../../agent/config/secret-free.ts';

test('secrets are taken out at every depth, and nothing else', () => {
  const config = {
    robotId: 'a',
    mqtt: { url: 'mqtt://user:hunter2@host:1883', password: 'hunter2', passwordFile: '/run/x' },
    dashboard: { token: 'abc', port: 8642 },
    list: [{ apiKey: 'x' }, 'https://host/path'],
  };
  const shown = secretFree(config);
  assert.ok(!JSON.stringify(shown).includes('hunter2'));
  assert.deepEqual(shown, {
    robotId: 'a',
    mqtt: { url: 'mqtt://(hidden)@host:1883', password: '(hidden)', passwordFile: '/run/x' },
    dashboard: { token: '(hidden)', port: 8642 },
    list: [{ apiKey: '(hidden)' }, 'https://host/path'],
  });
});
