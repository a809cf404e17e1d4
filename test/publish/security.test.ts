import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { readCredentials } from '../../agent/publish/credentials.ts';
import { explainProblem } from '../../agent/publish/explain-problem.ts';
import { Publisher, type PublisherOptions } from '../../agent/publish/publisher.ts';
import { noOpenssl, TestAuthority } from '../helpers/certificates.ts';
import { freePort, type Mosquitto, noMosquitto, startMosquitto } from '../helpers/mosquitto.ts';
import { TestClient } from '../helpers/mqtt-client.ts';
import * as example from './examples.ts';

const base = {
  prefix: 'underfoot',
  robotId: 'robot-1',
  version: '0.1.0',
  reconnectMinMs: 20,
  reconnectMaxMs: 100,
} as const;

/** Starts a publisher and gives what it logged; closes it again. */
async function contact(
  options: Partial<PublisherOptions> & { url: string },
  use?: (p: Publisher) => Promise<void>,
) {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  const publisher = new Publisher(
    { ...base, ...options },
    { log: { debug: write, info: write, warn: write } },
  );
  await publisher.start();
  const { connected } = publisher;
  await use?.(publisher);
  await publisher.close();
  return { connected, log: lines.join('\n') };
}

describe('TLS', { skip: noMosquitto || noOpenssl }, () => {
  let authority: TestAuthority;
  let broker: Mosquitto;
  before(async () => {
    authority = new TestAuthority();
    const { certFile, keyFile } = authority.issue('broker', 'DNS:broker.test');
    const lines = [`cafile ${authority.caFile}`, `certfile ${certFile}`, `keyfile ${keyFile}`];
    broker = await startMosquitto({ scheme: 'mqtts', lines });
  });
  after(async () => {
    await broker.close();
    rmSync(authority.folder, { recursive: true });
  });

  test('connects when the certificate is signed by caFile and made out to servername', async () => {
    const { connected } = await contact({
      url: broker.url,
      caFile: authority.caFile,
      servername: 'broker.test',
    });
    assert.equal(connected, true);
  });

  test('refuses a certificate that is made out to another name', async () => {
    const { connected, log } = await contact({ url: broker.url, caFile: authority.caFile });
    assert.equal(connected, false);
    assert.match(log, /does not match certificate/);
  });

  test('refuses a certificate of an authority that it was not told to trust', async () => {
    const { connected, log } = await contact({ url: broker.url, servername: 'broker.test' });
    assert.equal(connected, false);
    assert.match(log, /certificate.*expected mqtt\.caFile/);
  });

  test('insecure: true accepts any certificate and is logged at each start', async () => {
    for (let start = 0; start < 2; start++) {
      const { connected, log } = await contact({ url: broker.url, insecure: true });
      assert.equal(connected, true);
      assert.match(log, /mqtt\.insecure is on/);
    }
  });
});

describe('mutual TLS with the example configuration and ACL', { skip: noMosquitto || noOpenssl }, () => {
  let authority: TestAuthority;
  let broker: Mosquitto;
  const files = { robot: { certFile: '', keyFile: '' }, other: { certFile: '', keyFile: '' } };
  let operator: TestClient;
  before(async () => {
    authority = new TestAuthority();
    const { certFile, keyFile } = authority.issue('broker', 'IP:127.0.0.1');
    files.robot = authority.issue('robot-1');
    files.other = authority.issue('robot-2');
    const op = authority.issue('operator');
    const folder = new URL('../../docs/examples/mosquitto/', import.meta.url);
    const config = readFileSync(new URL('mosquitto.conf', folder), 'utf8')
      .replace('listener 8883\n', '')
      .replace('/etc/mosquitto/certs/ca.crt', authority.caFile)
      .replace('/etc/mosquitto/certs/broker.crt', certFile)
      .replace('/etc/mosquitto/certs/broker.key', keyFile)
      .replace('/etc/mosquitto/acl', 'FOLDER/acl')
      .replace('/var/lib/mosquitto/', 'FOLDER/')
      .replace('allow_anonymous false\n', '');
    broker = await startMosquitto({
      scheme: 'mqtts',
      anonymous: false,
      lines: config.split('\n'),
      files: { acl: readFileSync(new URL('acl', folder), 'utf8') },
    });
    operator = await TestClient.open(broker.url, 'underfoot/#', {
      ca: readFileSync(authority.caFile),
      cert: readFileSync(op.certFile),
      key: readFileSync(op.keyFile),
    });
  });
  after(async () => {
    await operator.close();
    await broker.close();
    rmSync(authority.folder, { recursive: true });
  });

  test('a robot without a certificate is not let in', async () => {
    const { connected, log } = await contact({ url: broker.url, caFile: authority.caFile });
    assert.equal(connected, false);
    assert.match(log, /trying again/);
    const alert = new Error(
      '80CC:error:0A00045C:SSL routines:ssl3_read_bytes:certificate required:a.c:1:SSL\n',
    );
    assert.match(explainProblem(alert), /^certificate required; expected mqtt\.certFile and mqtt\.keyFile/);
  });

  test('a robot with its certificate publishes under its own name and hears its commands', async () => {
    const heard: string[] = [];
    const { connected } = await contact(
      { url: broker.url, caFile: authority.caFile, ...files.robot },
      async (p) => {
        p.subscribe(p.topics.allCommands, (m) => heard.push(m.topic));
        p.publishStatus(example.status);
        p.publishSurface(example.surface);
        await operator.wait((m) => m.topic === 'underfoot/robot-1/surface', 'surface');
        await operator.client.publishAsync('underfoot/robot-1/command/ping', '{}', { qos: 1 });
        p.publishDrift(example.drift);
        await operator.wait((m) => m.topic === 'underfoot/robot-1/drift', 'drift');
      },
    );
    assert.equal(connected, true);
    assert.deepEqual(heard, ['underfoot/robot-1/command/ping']);
  });

  test('what the ACL forbids is counted as dropped and does not hold up the rest', async () => {
    await contact({ url: broker.url, caFile: authority.caFile, ...files.robot }, async (p) => {
      p.publishMessage({ topic: 'underfoot/robot-2/surface', payload: '{}', retain: false });
      p.publishSurface({ ...example.surface, windowIndex: 77 });
      await operator.wait((m) => m.json.windowIndex === 77, 'the surface after it');
      await p.close();
      assert.deepEqual(p.counters().dropped, { 'underfoot/robot-2/surface': 1 });
    });
    assert.equal(operator.on('underfoot/robot-2/surface').length, 0);
  });

  test('a certificate and a key that do not belong together are waited out, not crashed on', async () => {
    const { connected, log } = await contact({
      url: broker.url,
      caFile: authority.caFile,
      certFile: files.robot.certFile,
      keyFile: files.other.keyFile,
    });
    assert.equal(connected, false);
    assert.match(
      log,
      /key values mismatch; expected the key of mqtt\.certFile in mqtt\.keyFile; trying again/,
    );
    const swapped = { certFile: files.robot.keyFile, keyFile: files.robot.certFile };
    assert.throws(() => readCredentials(swapped), {
      exitCode: 78,
      message: /mqtt\.certFile: found no certificate/,
    });
  });
});

describe('user name and password', { skip: noMosquitto }, () => {
  test('come from files or systemd credentials, and never reach the log', async (t) => {
    const broker = await startMosquitto({
      anonymous: false,
      lines: ['password_file FOLDER/passwords'],
      files: { passwords: '', user: 'robot-1\n', password: 'geheim-42\n', wrong: 'geheim-43\n' },
    }).catch(() => undefined);
    if (broker === undefined) return t.skip('mosquitto cannot start with a password file');
    execFileSync('mosquitto_passwd', ['-b', join(broker.folder, 'passwords'), 'robot-1', 'geheim-42'], {
      stdio: 'ignore',
    });
    await broker.stop();
    await broker.restart();
    const usernameFile = join(broker.folder, 'user');
    const right = await contact({
      url: broker.url,
      usernameFile,
      passwordFile: join(broker.folder, 'password'),
    });
    assert.equal(right.connected, true);
    process.env.CREDENTIALS_DIRECTORY = broker.folder;
    const credential = await contact({ url: broker.url, usernameFile, passwordFile: 'credential:password' });
    assert.equal(credential.connected, true);
    delete process.env.CREDENTIALS_DIRECTORY;
    const wrong = await contact({
      url: broker.url,
      usernameFile,
      passwordFile: join(broker.folder, 'wrong'),
    });
    assert.equal(wrong.connected, false);
    assert.match(wrong.log, /Not authorized|Bad User Name/i);
    // A secret that is put right later is read at the next attempt.
    let up = () => {};
    const connected = new Promise<void>((resolve) => (up = resolve));
    const info = (line: string) => line.startsWith('connected') && up();
    const later = new Publisher(
      { ...base, url: broker.url, usernameFile, passwordFile: join(broker.folder, 'wrong') },
      { log: { debug: () => {}, info, warn: () => {} } },
    );
    await later.start();
    assert.equal(later.connected, false);
    writeFileSync(join(broker.folder, 'wrong'), 'geheim-42\n');
    await connected;
    await later.close();
    for (const { log } of [right, credential, wrong]) assert.doesNotMatch(log, /geheim/);
    assert.match(right.log, /password: other users can read this secret/);
    await broker.close();
  });

  test('a missing file or credential is a wrong configuration that names the file', async () => {
    const missing = new Publisher({ ...base, url: 'mqtt://127.0.0.1:9', passwordFile: '/nowhere/password' });
    await assert.rejects(missing.start(), {
      exitCode: 78,
      message: /\/nowhere\/password: mqtt\.passwordFile/,
    });
    assert.throws(() => readCredentials({ passwordFile: 'credential:mqtt' }), /no \$CREDENTIALS_DIRECTORY/);
    assert.throws(() => readCredentials({ passwordFile: 'credential:../shadow' }), { exitCode: 78 });
    assert.throws(() => readCredentials({ certFile: '/some/cert' }), /both certFile and keyFile/);
  });
});

describe('WebSocket', { skip: noOpenssl }, () => {
  test("reaches mosquitto's own listener", { skip: noMosquitto }, async (t) => {
    // mosquitto 2.0.11 does not start with a WebSocket listener alone.
    const lines = ['protocol websockets', `listener ${await freePort()} 127.0.0.1`];
    const broker = await startMosquitto({ scheme: 'ws', lines }).catch((error: Error) => {
      if (!/websockets support/i.test(error.message)) throw error;
      return t.skip('this mosquitto was built without WebSocket');
    });
    if (broker === undefined) return;
    const seen = await TestClient.open(broker.url, 'underfoot/#');
    const { connected } = await contact({ url: broker.url }, async (p) => {
      p.publishSurface(example.surface);
      await seen.wait((m) => m.topic === 'underfoot/robot-1/surface', 'surface');
    });
    assert.equal(connected, true);
    await seen.close();
    await broker.close();
  });

  test('ws:// and wss:// reach a broker, and SNI carries servername', async () => {
    const authority = new TestAuthority();
    const files = authority.issue('broker', 'DNS:broker.test');
    const aedes = await Aedes.createBroker();
    let sni: unknown;
    const secure = createHttpsServer({
      cert: readFileSync(files.certFile),
      key: readFileSync(files.keyFile),
    });
    secure.on('secureConnection', (socket) => {
      sni = socket.servername;
    });
    for (const server of [createHttpServer(), secure]) {
      new WebSocketServer({ server, path: '/mqtt' }).on('connection', (socket) => {
        aedes.handle(createWebSocketStream(socket));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      const scheme = server === secure ? 'wss' : 'ws';
      const { connected } = await contact({
        url: `${scheme}://127.0.0.1:${address.port}/mqtt`,
        ...(server === secure ? { caFile: authority.caFile, servername: 'broker.test' } : {}),
      });
      assert.equal(connected, true, scheme);
      server.close();
    }
    assert.equal(sni, 'broker.test');
    await new Promise<void>((resolve) => aedes.close(resolve));
    rmSync(authority.folder, { recursive: true });
  });
});
