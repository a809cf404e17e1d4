import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { after, before, test } from 'node:test';
import { type FakeAgent, startFakeAgent } from './fake-agent.ts';

const token = 'a-token-of-good-length';
let agent: FakeAgent;
let port: number;
before(async () => {
  agent = await startFakeAgent({ token, host: '0.0.0.0' });
  port = Number(new URL(agent.dashboard.url).port);
});
after(() => agent.dashboard.close());

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

function ask(
  path: string,
  options: { host?: string; method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host = '127.0.0.1', method = 'GET', headers = {} } = options;
    const sent = request({ host, port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.on('error', reject).end(options.body);
  });
}

/** An address of this machine that is not loopback: to the server it is a stranger's. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
const skipOutside = outside ? false : 'this machine has no address but loopback';

test('every answer carries a strict content security policy', async () => {
  for (const path of ['/', '/api/state', '/nothing-here']) {
    const { headers } = await ask(path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
});

test('the page names no address outside itself', async () => {
  for (const path of ['/', '/app.js', '/style.css', '/panels.css', '/traces.js']) {
    const { status, body } = await ask(path);
    assert.equal(status, 200, path);
    assert.doesNotMatch(body, /(src|href)="(https?:)?\/\//, path);
    assert.doesNotMatch(body, /@import|url\(/, path);
  }
});

test('from this machine no token is needed, but a foreign name for it is refused', async () => {
  assert.equal((await ask('/')).status, 200);
  assert.equal((await ask('/', { headers: { host: 'evil.example' } })).status, 421);
});

test('from elsewhere the token is needed', { skip: skipOutside }, async () => {
  const host = outside!;
  assert.equal((await ask('/', { host })).status, 401);
  assert.equal((await ask('/metrics', { host })).status, 401);
  assert.equal((await ask('/', { host, headers: { authorization: 'Bearer wrong' } })).status, 401);
  assert.equal((await ask('/', { host, headers: { authorization: `Bearer ${token}` } })).status, 200);
  const login = await ask(`/?token=${token}`, { host });
  assert.equal(login.status, 303);
  assert.equal(login.headers.location, '/', 'the token leaves the address bar');
  const cookie = String(login.headers['set-cookie']);
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  assert.ok(!cookie.includes(token));
  assert.equal((await ask('/', { host, headers: { cookie: cookie.split(';')[0] } })).status, 200);
  assert.equal((await ask('/?token=wrong', { host })).status, 401);
});

test('a command from another web site is refused', async () => {
  const post = (headers: Record<string, string>) =>
    ask('/api/record/start', { method: 'POST', headers, body: '{"label":"GRASS"}' });
  assert.equal((await post({ origin: 'http://evil.example' })).status, 403);
  assert.equal((await post({ 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.deepEqual(agent.calls, []);
  assert.equal((await post({ origin: `http://127.0.0.1:${port}` })).status, 200);
  assert.deepEqual(agent.calls.splice(0), ['start GRASS']);
});

test('a bad command is refused with words', async () => {
  const post = (path: string, body: string) => ask(path, { method: 'POST', body });
  assert.match((await post('/api/record/start', '{"label":"../x"}')).body, /label: found/);
  assert.equal((await post('/api/record/start', 'no json')).status, 400);
  assert.equal((await post('/api/record/start', `{"label":"${'A'.repeat(5000)}"}`)).status, 400);
  assert.equal((await post('/api/nothing', '{}')).status, 404);
  assert.deepEqual(agent.calls, []);
});

test('only listed sessions can be downloaded', async () => {
  const good = await ask('/api/sessions/2026-11-24T0912-GRAVEL');
  assert.equal(good.body, 'bytes');
  assert.match(
    String(good.headers['content-disposition']),
    /attachment; filename="2026-11-24T0912-GRAVEL.mcap"/,
  );
  assert.equal((await ask('/api/sessions/..%2f..%2fetc%2fpasswd')).status, 400);
  assert.equal((await ask('/api/sessions/none')).status, 400);
});

test('an asset that has not changed is not sent again, and text is packed', async () => {
  const first = await ask('/app.js', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(first.headers['content-encoding'], 'gzip');
  const again = await ask('/app.js', { headers: { 'if-none-match': String(first.headers.etag) } });
  assert.equal(again.status, 304);
});

test('health is 200 while alive, readiness 503 with its reason while the device is absent', async () => {
  assert.equal((await ask('/healthz')).status, 200);
  const ready = await ask('/readyz');
  assert.equal(ready.status, 503);
  assert.deepEqual(JSON.parse(ready.body).reasons, ['the device is absent']);
  const metrics = (await ask('/metrics')).body;
  // The agent's own, then the pages'.
  assert.ok(metrics.startsWith('underfoot_up 1\n'), metrics);
  assert.match(metrics, /^underfoot_dashboard_clients \d+$/m);
  assert.match(metrics, /^underfoot_dashboard_clients_dropped_total \d+$/m);
});

test('a client gets at most ten events a second however fast the agent is', async () => {
  const start = performance.now();
  let events = 0;
  let samples = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 50; i++) agent.feed.trace.push(Date.now() + samples++ * 40, [1, 2]);
  }, 5);
  await new Promise<void>((resolve) => {
    const sent = request({ port, path: '/api/live', agent: false }, (response) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        events += chunk.split('data: ').length - 1;
        if (events >= 8) sent.destroy();
      });
      response.on('close', resolve).on('error', () => resolve());
    });
    sent.on('error', () => resolve()).end();
  });
  clearInterval(timer);
  const seconds = (performance.now() - start) / 1000;
  // The first event is at once, the others on the tick.
  assert.ok((events - 1) / seconds <= 10.5, `${events} events in ${seconds.toFixed(2)} s`);
});

test('a client that reads nothing is left out, holds no memory, and others are served', async () => {
  const slow = connect(port, '127.0.0.1');
  slow.pause();
  slow.write(`GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const { pusher } = agent.dashboard;
  let time = Date.now() + 1e7;
  const before = pusher.skipped;
  const timer = setInterval(() => {
    for (let i = 0; i < 1400; i++) {
      time += 40;
      agent.feed.trace.push(time, [Math.random(), Math.random()]);
    }
  }, 10);
  const other = request({ port, path: '/api/live', agent: false });
  let received = 0;
  other.on('response', (response) => response.on('data', (chunk: Buffer) => (received += chunk.length)));
  other.on('error', () => undefined).end();
  while (pusher.skipped - before < 3) await new Promise((resolve) => setTimeout(resolve, 50));
  const held = received;
  while (received === held) await new Promise((resolve) => setTimeout(resolve, 20));
  clearInterval(timer);
  assert.ok(received > 100_000, `the other client got ${received} bytes`);
  other.destroy();
  slow.destroy();
});
