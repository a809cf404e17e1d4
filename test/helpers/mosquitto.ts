import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why tests with mosquitto must be skipped, or false. */
export const noMosquitto: string | false = (() => {
  try {
    execFileSync('mosquitto', ['-h'], { stdio: 'ignore' });
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'mosquitto is not installed (apt install mosquitto)' : false;
  }
})();

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  /** For reading /proc. */
  pid(): number;
  /** SIGTERM by default; resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port, with the same configuration. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

export interface MosquittoOptions {
  /** Lines of the listener and after it; `FOLDER` stands for the broker's folder. */
  readonly lines?: readonly string[];
  /** Files to put into the folder first, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly anonymous?: boolean;
  readonly scheme?: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  readonly port?: number;
}

/** A free port of the loopback address. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A real mosquitto on a free port of the loopback address, which accepts connections when this resolves. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-mosquitto-'));
  const port = options.port ?? (await freePort());
  for (const [name, content] of Object.entries(options.files ?? {}))
    writeFileSync(join(folder, name), content);
  const config = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${options.anonymous ?? true}`,
    'set_tcp_nodelay true',
    ...(options.lines ?? []).map((line) => line.replaceAll('FOLDER', folder)),
  ];
  // mosquitto drops its rights when it is started as root, and could then not read this folder.
  if (process.getuid?.() === 0) lines.push('user root');
  writeFileSync(config, `${lines.join('\n')}\n`);
  let child: ChildProcess;
  const start = async () => {
    child = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr?.on('data', (bytes) => {
      output += bytes;
    });
    await accepts(port, () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended: ${output}`);
    });
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  await start();
  return {
    port,
    url: `${options.scheme ?? 'mqtt'}://127.0.0.1:${port}`,
    folder,
    pid: () => child.pid ?? 0,
    stop,
    restart: start,
    close: async () => {
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a port takes connections: mosquitto does not say when it is ready. */
async function accepts(port: number, check: () => void, deadline = Date.now() + 20_000): Promise<void> {
  for (;;) {
    check();
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
