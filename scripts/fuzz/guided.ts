import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { healthyBytes } from './check.ts';
import { subjects } from './subjects.ts';

export const workFolder = '.fuzz';
/** Not a dependency, since nothing but this script needs its 100 packages. */
const jazzer = '@jazzer.js/core@4.0.0';
const jazzerFolder = join(workFolder, 'jazzer');
/**
 * The command that runs JavaScript: the native part of jazzer.js 4.0.0 wants glibc 2.38, so an older system (Debian 12) says
 * here how to start node with a newer one, such as `/newer/ld-linux-x86-64.so.2 --library-path /newer /usr/bin/node`.
 */
const node = (process.env.FUZZ_NODE ?? process.execPath).split(' ');

export interface GuidedFindings {
  readonly seconds: number;
  readonly runs: number;
  readonly features: number;
  readonly worstResyncBytes: number;
  readonly peakRssMb: number;
  readonly failure?: string;
}

/** Coverage-guided fuzzing of one subject by jazzer.js (libFuzzer), begun from a real recording. */
export async function fuzzGuided(subject: string, seconds: number): Promise<GuidedFindings> {
  const folder = join(workFolder, subject);
  const corpus = join(folder, 'corpus');
  mkdirSync(corpus, { recursive: true });
  writeFileSync(
    join(corpus, 'healthy'),
    Buffer.concat([Buffer.of(1, 7), healthyBytes(subjects.get(subject)!, 200_000)]),
  );
  await prepare();
  const report = join(folder, 'resync');
  writeFileSync(report, '');
  const libFuzzer = [
    `-max_total_time=${seconds}`,
    '-max_len=4096',
    '-rss_limit_mb=1024',
    '-print_final_stats=1',
  ];
  const cli = join(jazzerFolder, 'node_modules/@jazzer.js/core/dist/cli.js');
  const command = [
    ...node.slice(1),
    cli,
    join(workFolder, 'target'),
    '-f',
    'fuzz',
    '--sync',
    '-i',
    workFolder,
  ];
  const child = spawn(node[0], [...command, corpus, '--', ...libFuzzer, `-artifact_prefix=${folder}/`], {
    env: { ...process.env, UNDERFOOT_FUZZ_SUBJECT: subject, UNDERFOOT_FUZZ_REPORT: report },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  const startMs = performance.now();
  const code = await new Promise((resolve) => child.once('close', resolve));
  writeFileSync(join(folder, 'log'), log);
  const stat = (name: string) => Number(new RegExp(`stat::${name}:\\s+(\\d+)`).exec(log)?.[1]);
  return {
    seconds: Math.round((performance.now() - startMs) / 1000),
    runs: stat('number_of_executed_units'),
    features: Number([...log.matchAll(/ ft: (\d+)/g)].at(-1)?.[1]),
    worstResyncBytes: Number(readFileSync(report, 'utf8').trim().split('\n').at(-1)),
    peakRssMb: stat('peak_rss_mb'),
    failure: code === 0 ? undefined : `jazzer ended with ${code}: ${join(folder, 'log')}`,
  };
}

/** Installs jazzer.js, and makes the CommonJS that it instruments; esbuild comes with tsx. */
async function prepare(): Promise<void> {
  if (!existsSync(join(jazzerFolder, 'node_modules'))) {
    mkdirSync(jazzerFolder, { recursive: true });
    writeFileSync(join(jazzerFolder, 'package.json'), '{}');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', jazzer], {
      cwd: jazzerFolder,
      stdio: 'ignore',
    });
  }
  if (existsSync(join(workFolder, 'target.js'))) return;
  writeFileSync(join(workFolder, 'package.json'), '{}');
  const require = createRequire(createRequire(import.meta.url).resolve('tsx'));
  const esbuild = require('esbuild') as { build(options: object): Promise<unknown> };
  await esbuild.build({
    entryPoints: [join(dirname(new URL(import.meta.url).pathname), 'target.ts')],
    outfile: join(workFolder, 'target.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
  });
}
