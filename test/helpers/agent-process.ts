import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { packageRoot } from '../../agent/package-root.ts';

/** A process of the command line. */
export interface CliProcess {
  readonly child: ChildProcess;
  /** Both streams, in the order in which they came. */
  output(): string;
  /** Resolves when what it printed matches. */
  said(pattern: RegExp, timeoutMs?: number): Promise<void>;
  /** Sends a signal where one is named, and resolves with the exit code (null: ended by a signal). */
  ended(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `underfoot ARGS` from the checkout, as the README's commands do. */
export function startCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): CliProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', 'agent/cli.ts', ...args], {
    cwd: packageRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      output += bytes;
      for (const check of waiting) check();
    });
  }
  const exited = once(child, 'exit');
  return {
    child,
    output: () => output,
    said: (pattern, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${pattern} was not printed within ${timeoutMs} ms:\n${output}`)),
          timeoutMs,
        );
        const check = () => {
          if (!pattern.test(output)) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async ended(signal) {
      if (signal) child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

/** Writes a configuration of the simulated robot's lines into `folder`; `change` replaces top-level keys. */
export function writeConfig(folder: string, change: Record<string, unknown>): string {
  const file = join(folder, 'robot.yaml');
  const config = {
    robotId: 'rover',
    source: { kind: 'serial', port: '/dev/null' },
    protocol: {
      name: 'text',
      header: ['time', 'curL', 'curR'],
      columns: ['curL', 'curR'],
      time: { column: 'time', unit: 's' },
    },
    model: 'demo-six-surfaces',
    mqtt: { url: 'mqtt://127.0.0.1:1' },
    dashboard: false,
    ...change,
  };
  writeFileSync(file, stringify(config));
  return file;
}
