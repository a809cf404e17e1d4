import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { packageRoot } from '../../agent/package-root.ts';

/** A run of the command line. */
export interface Underfoot {
  readonly process: ChildProcess;
  /** What it said so far, on both streams, without colours and other escape sequences. */
  text(): string;
  /** Resolves when it has said something that fits. Fails when it ends before, or after a minute. */
  says(pattern: RegExp): Promise<void>;
  /** Presses keys, where it runs in a terminal. */
  type(keys: string): void;
  /** Exit code, or null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();

/** Ends what a failed test left behind, so that the next one finds its port free. */
export async function endAll(): Promise<void> {
  const ended = [...running].map((child) => once(child, 'close'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ended);
}

const command = [process.execPath, '--import', 'tsx', join(packageRoot, 'agent', 'cli.ts')];

/** Starts `underfoot WORDS`; `terminal`: in a pseudo terminal of util-linux's `script`. */
export function startUnderfoot(words: readonly string[], { terminal = false } = {}): Underfoot {
  const line = [...command, ...words];
  const inTerminal = `stty cols 100 rows 30; exec ${line.map(quoted).join(' ')}`;
  const [program, ...rest] = terminal ? ['script', '-qefc', inTerminal, '/dev/null'] : line;
  const child = spawn(program, rest, {
    cwd: packageRoot,
    env: { ...process.env, NODE_NO_WARNINGS: '1', SHELL: '/bin/sh', TERM: 'xterm' },
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  let text = '';
  const waiting = new Set<() => void>();
  const look = () => {
    for (const waiter of waiting) waiter();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (bytes: Buffer) => {
      text += stripVTControlCharacters(bytes.toString());
      look();
    });
  }
  child.on('close', look);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    process: child,
    text: () => text,
    ended,
    type: (keys) => void child.stdin?.write(keys),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          clearTimeout(timer);
          waiting.delete(waiter);
          settle();
        };
        const fail = (why: string) => end(() => reject(new Error(`${why} without ${pattern}: ${text}`)));
        const timer = setTimeout(() => fail('a minute went by'), 60_000);
        const waiter = () => {
          if (pattern.test(text)) end(resolve);
          else if (child.exitCode !== null || child.signalCode !== null) fail('it ended');
        };
        waiting.add(waiter);
        waiter();
      }),
  };
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
