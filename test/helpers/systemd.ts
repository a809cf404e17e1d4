import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../agent/package-root.ts';

/** Why no systemd can be booted here, for `test(..., { skip })`; false when it can. */
export function systemdMissing(): string | false {
  if (process.platform !== 'linux') return 'systemd is a Linux program';
  if (process.getuid?.() !== 0) return 'booting systemd in namespaces needs root';
  if (!existsSync('/lib/systemd/systemd')) return 'systemd is not installed';
  const probe = spawnSync('unshare', [
    '--mount',
    '--pid',
    '--fork',
    '--cgroup',
    'sh',
    '-c',
    'mount -t cgroup2 none /mnt',
  ]);
  return probe.status === 0 ? false : 'this kernel or container lets no cgroup file system be mounted';
}

export interface ShellResult {
  code: number;
  output: string;
}

/** A shell inside namespaces where systemd is PID 1. */
export interface Systemd {
  /** Runs a line of shell; resolves with what it printed (both streams) and its exit code. */
  run(line: string): Promise<ShellResult>;
  /** Runs a line again and again until its output matches. */
  until(line: string, pattern: RegExp, timeoutMs?: number): Promise<string>;
  close(): Promise<void>;
}

/** Boots systemd with the units of a folder; it is killed after `seconds` whatever happens. */
export async function bootSystemd(unitDir: string, seconds = 60): Promise<Systemd> {
  const script = join(packageRoot, 'test/helpers/systemd-namespace.sh');
  const child: ChildProcess = spawn('bash', [script, unitDir, String(seconds), '--', 'bash'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout! });
  const iterator = lines[Symbol.asyncIterator]();
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  let serial = 0;

  async function run(line: string): Promise<ShellResult> {
    const mark = `@@done-${serial++}`;
    child.stdin!.write(`{ ${line}\n} </dev/null 2>&1; code=$?; echo; echo "${mark} $code"\n`);
    const output: string[] = [];
    for (;;) {
      const { value, done } = await iterator.next();
      if (done) throw new Error(`systemd's namespace ended during: ${line}\n${output.join('\n')}`);
      if (value.startsWith(`${mark} `)) {
        return { code: Number(value.slice(mark.length + 1)), output: output.join('\n').trim() };
      }
      output.push(value);
    }
  }
  async function until(line: string, pattern: RegExp, timeoutMs = 30_000): Promise<string> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const { output } = await run(line);
      if (pattern.test(output)) return output;
      if (performance.now() > endMs) throw new Error(`${line}: ${pattern} did not appear; last:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await run('true');
  return {
    run,
    until,
    async close() {
      child.stdin!.end();
      await exited;
    },
  };
}

/**
 * Lays writable memory over /etc, /usr and /var inside the namespaces, so that packages can really be installed and users
 * really be made: the machine's own files are not touched, and all of it is gone at the end.
 */
export async function overlayRoot(systemd: Systemd): Promise<void> {
  const { code, output } = await systemd.run(
    'for d in etc usr var; do mkdir -p /run/overlay/$d.up /run/overlay/$d.work; ' +
      'mount -t overlay overlay -o lowerdir=/$d,upperdir=/run/overlay/$d.up,workdir=/run/overlay/$d.work /$d || exit 1; done; ' +
      'systemctl daemon-reload',
  );
  if (code !== 0) throw new Error(`overlay: ${output}`);
}
