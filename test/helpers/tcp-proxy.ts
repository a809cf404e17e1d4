import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** `pass`: all gets through; `silent`: nothing does, both sides stay open; `deaf`: nothing comes back. */
export type ProxyMode = 'pass' | 'silent' | 'deaf';

/** A TCP proxy that can play a bad network. */
export interface TcpProxy {
  readonly port: number;
  /** For the connections of now; later ones pass. */
  degrade(mode: ProxyMode): void;
  /** Breaks the connections of now with a reset. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const links = new Set<{ near: Socket; far: Socket; mode: ProxyMode }>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    const link = { near, far, mode: 'pass' as ProxyMode };
    links.add(link);
    for (const socket of [near, far]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        // The end of a connection that died in silence is not reported to the other side either.
        if (link.mode !== 'silent') {
          for (const other of [near, far]) other.destroy();
          links.delete(link);
        }
      });
    }
    near.on('data', (bytes) => link.mode !== 'silent' && far.write(bytes));
    far.on('data', (bytes) => link.mode === 'pass' && near.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    degrade: (mode) => {
      for (const link of links) link.mode = mode;
    },
    cut: () => {
      for (const { near, far } of links) for (const socket of [near, far]) socket.resetAndDestroy();
    },
    close: async () => {
      for (const { near, far } of links) for (const socket of [near, far]) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
