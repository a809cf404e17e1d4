import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { TcpSource } from '../../agent/source/tcp.ts';
import { record } from './record.ts';

const quick = { host: '127.0.0.1', baseMs: 5, maxMs: 20 };

/** A serial server on the loopback; `next` gives its next connection. */
async function serve(t: TestContext, port = 0) {
  const server = createServer();
  const waiting: Socket[] = [];
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    waiting.push(socket);
    server.emit('accepted');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of waiting) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    server,
    async connection(count: number): Promise<Socket> {
      while (waiting.length < count) await once(server, 'accepted');
      return waiting[count - 1];
    },
  };
}

test('bytes come and go over TCP', async (t) => {
  const { port, connection } = await serve(t);
  const source = new TcpSource({ ...quick, port });
  const log = record(source);
  t.after(() => source.close());
  const socket = await connection(1);
  socket.write('1,2\n3,4\n');
  await log.until(() => log.text() === '1,2\n3,4\n');
  await log.reached('open');
  source.write(Buffer.from('?A\r'));
  const [bytes] = await once(socket, 'data');
  assert.equal(String(bytes), '?A\r');
});

test('a connection that is cut is made again', async (t) => {
  const { port, connection } = await serve(t);
  const source = new TcpSource({ ...quick, port });
  const log = record(source);
  t.after(() => source.close());
  for (const round of [1, 2, 3]) {
    const socket = await connection(round);
    socket.write(`${round};`);
    await log.until(() => log.text().includes(`${round};`));
    if (round % 2 === 0) socket.resetAndDestroy();
    else socket.end();
    await log.reached('waiting', round);
  }
  await connection(4);
  assert.equal(log.text(), '1;2;3;');
});

test('a server that is not there is named and waited for', async (t) => {
  const { port, server } = await serve(t);
  server.close();
  await once(server, 'close');
  const source = new TcpSource({ ...quick, port });
  const log = record(source);
  t.after(() => source.close());
  assert.match((await log.reached('waiting', 2)) ?? '', new RegExp(`^127.0.0.1:${port}: .*ECONNREFUSED`));
});

test('a connection that says nothing is made again', async (t) => {
  const { port, connection } = await serve(t);
  const source = new TcpSource({ ...quick, port, silenceMs: 30 });
  const log = record(source);
  t.after(() => source.close());
  assert.match((await log.reached('waiting')) ?? '', /no byte for 0.03 s/);
  await connection(2);
});

test('closing does not wait for a connection that is being made', async () => {
  // A TEST-NET-1 address: nobody answers.
  const source = new TcpSource({ ...quick, host: '192.0.2.1', port: 9, connectTimeoutMs: 60_000 });
  const log = record(source);
  await source.close();
  assert.deepEqual(log.states.at(-1)?.state, 'closed');
});
