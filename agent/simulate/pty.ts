import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { UserError } from '../errors.ts';

/** The far side of a pseudo terminal: what is written here can be read at `path`, as from a serial port. */
export interface Pty {
  readonly path: string;
  write(bytes: Uint8Array): void;
  /** Resolves when `script` has taken all that was written, so that more is not dropped. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that may wait for `script`, which itself keeps all that nobody reads yet. */
const maxWaiting = 65_536;

/**
 * Opens a pseudo terminal by way of util-linux's `script`, since Node has none. The shell inside holds it open, without
 * reading, for as long as this process lives; closing ends it.
 */
export function openPty(onBytes: (bytes: Uint8Array) => void): Promise<Pty> {
  const hold = `stty raw -echo; echo "PTY $(tty)"; while kill -0 ${process.pid} 2>/dev/null; do sleep 1; done`;
  const child = spawn('script', ['-qefc', hold, '/dev/null'], { env: { ...process.env, SHELL: '/bin/sh' } });
  child.stderr.resume();
  child.stdin.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const refuse = (why: string) =>
      reject(new UserError(`no pseudo terminal: ${why}: expected the program script of util-linux`, 69));
    child.once('error', (error) => refuse(error.message));
    child.once('exit', (code) => refuse(`script ended with ${code}`));
    let said = '';
    const onData = (bytes: Buffer) => {
      said += bytes.toString('latin1');
      const path = /PTY (\/dev\/\S+)\n/.exec(said)?.[1];
      if (path === undefined) return;
      child.stdout.off('data', onData);
      child.stdout.on('data', onBytes);
      resolve(ptyOf(path, child));
    };
    child.stdout.on('data', onData);
  });
}

function ptyOf(path: string, child: ChildProcessWithoutNullStreams): Pty {
  return {
    path,
    write(bytes) {
      if (child.stdin.writable && child.stdin.writableLength < maxWaiting) child.stdin.write(bytes);
    },
    async drained() {
      if (child.stdin.writableLength > 0 && child.stdin.writable) {
        await new Promise<void>((resolve) => {
          child.stdin.write('', () => resolve());
        });
      }
    },
    close() {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once('exit', () => resolve());
        // The terminal hangs up with it, which ends the shell at once; SIGTERM would take script two seconds.
        child.kill('SIGKILL');
      });
    },
  };
}
