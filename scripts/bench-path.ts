/**
 * CPU time per sample of the way from bytes to windows, two channels, beside what people write today:
 *   npm run -s bench:path [-- --seconds 5] [--json]
 * 1. in memory: bytes as a read every 4 ms would bring them, no port; median of nine runs after three to warm up;
 * 2. through a real pty at a steady rate, each reader in a process of its own (needs util-linux `script`);
 *    the Python reader needs pyserial (UNDERFOOT_PYTHON names the interpreter);
 * 3. bytes allocated per sample in steady state.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openPty } from '../agent/simulate/pty.ts';
import { calibratedReader, type Reader, readlineReader, windowReader } from './bench/readers.ts';
import { chunks, type Format, message } from './bench/stream.ts';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});
const python = process.env.UNDERFOOT_PYTHON ?? 'python3';
const rates = [1_000, 10_000];

interface Row {
  part: 'memory' | 'pty' | 'allocation';
  what: string;
  format: Format;
  rateHz: number;
  cpuUsPerSample?: number;
  percentOfCore?: number;
  bytesPerSample?: number;
  /** Share of the samples sent that were read. */
  percentRead?: number;
}

function inMemory(make: () => Reader, format: Format, rateHz: number): number {
  const count = 200_000;
  const input = chunks(format, count, rateHz);
  const results: number[] = [];
  for (let run = 0; run < 12; run += 1) {
    const reader = make();
    const before = process.cpuUsage();
    let arrivalUs = 0;
    for (const chunk of input) {
      arrivalUs += 4_000;
      reader.feed(chunk, arrivalUs);
    }
    const { user, system } = process.cpuUsage(before);
    if (reader.samples !== count) throw new Error(`${reader.samples} of ${count} samples came through`);
    if (run >= 3) results.push((user + system) / count);
  }
  return results.sort((a, b) => a - b)[results.length >> 1];
}

/**
 * Growth of the heap over samples in steady state; the young generation must not be collected meanwhile. Windows and one
 * number a read (its arrival) are in it.
 */
function allocation(make: () => Reader, format: Format, rateHz: number): number {
  const input = chunks(format, 200_000, rateHz);
  const reader = make();
  let arrivalUs = 0;
  const feed = () => {
    for (let i = 0; i < input.length; i += 1) {
      arrivalUs += 4_000;
      reader.feed(input[i], arrivalUs);
    }
  };
  for (let run = 0; run < 5; run += 1) feed();
  globalThis.gc?.();
  const samples = reader.samples;
  const before = process.memoryUsage().heapUsed;
  feed();
  return (process.memoryUsage().heapUsed - before) / (reader.samples - samples);
}

/** Starts a reader on a pty and feeds it at a steady rate. */
async function throughPty(command: string, args: string[], format: Format, rateHz: number) {
  const pty = await openPty(() => undefined);
  const child = spawn(
    command,
    args.map((arg) => arg.replace('PORT', pty.path)),
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const total = (Number(options.seconds) + 1) * rateHz;
  const startMs = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) * rateHz) / 1000));
      const messages: Uint8Array[] = [];
      for (; sent < due; sent += 1) messages.push(message(format, sent, rateHz));
      if (messages.length > 0) pty.write(Buffer.concat(messages));
      if (sent < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  child.stdin.end();
  const result = JSON.parse((await lines.next()).value) as { samples: number; cpuUs: number; wallMs: number };
  if (child.exitCode === null) await once(child, 'exit');
  await pty.close();
  return result;
}

const rows: Row[] = [];
function add(row: Row): void {
  rows.push(row);
  if (options.json) return;
  const figures = [
    row.cpuUsPerSample === undefined ? '' : `${row.cpuUsPerSample.toFixed(3)} us CPU a sample`,
    row.percentOfCore === undefined ? '' : `${row.percentOfCore.toFixed(1)} % of a core`,
    row.percentRead === undefined || row.percentRead > 99 ? '' : `read only ${row.percentRead.toFixed(0)} %`,
    row.bytesPerSample === undefined ? '' : `${row.bytesPerSample.toFixed(2)} bytes a sample`,
  ].filter((part) => part !== '');
  const head = `${row.part.padEnd(11)}${row.format.padEnd(7)}${String(row.rateHz).padStart(6)} Hz  ${row.what.padEnd(46)}`;
  console.log(head + figures.join(', '));
}

for (const rateHz of rates) {
  const memory = (what: string, format: Format, make: () => Reader) =>
    add({ part: 'memory', what, format, rateHz, cpuUsPerSample: inMemory(make, format, rateHz) });
  memory('ReadlineParser, split, parseFloat, calibrate', 'text', readlineReader);
  for (const format of ['text', 'binary'] as const) {
    memory('bytes to calibrated samples', format, () => calibratedReader(format));
    for (const outputHz of [6.5, 100]) {
      memory(`bytes to windows at ${outputHz} Hz`, format, () => windowReader(format, rateHz, outputHz));
    }
  }
}
if (globalThis.gc) {
  for (const rateHz of rates) {
    for (const format of ['text', 'binary'] as const) {
      const bytesPerSample = allocation(() => windowReader(format, rateHz, 6.5), format, rateHz);
      add({ part: 'allocation', what: 'bytes to windows at 6.5 Hz', format, rateHz, bytesPerSample });
    }
    add({
      part: 'allocation',
      what: 'ReadlineParser, split, parseFloat, calibrate',
      format: 'text',
      rateHz,
      bytesPerSample: allocation(readlineReader, 'text', rateHz),
    });
  }
}
const withPython = spawnSync(python, ['-c', 'import serial']).status === 0;
const node = [process.execPath, '--import', 'tsx', 'scripts/bench/pty-reader.ts'];
for (const rateHz of rates) {
  const pty = async (what: string, format: Format, [command, ...args]: string[]) => {
    const { samples, cpuUs, wallMs } = await throughPty(command, args, format, rateHz);
    const percentRead = (samples * 1e5) / (wallMs * rateHz);
    const row: Row = { part: 'pty', what, format, rateHz, percentRead };
    add({ ...row, cpuUsPerSample: cpuUs / samples, percentOfCore: cpuUs / wallMs / 10 });
  };
  await pty('SerialPort, ReadlineParser, split, parseFloat', 'text', [
    ...node,
    'readline',
    'PORT',
    'text',
    String(rateHz),
  ]);
  if (withPython)
    await pty('pyserial readline, split, float', 'text', [
      python,
      'scripts/bench/pyserial_reader.py',
      'PORT',
    ]);
  else if (!options.json) console.log(`${python} has no pyserial: its reader is left out`);
  for (const format of ['text', 'binary'] as const) {
    await pty('bytes to windows at 6.5 Hz', format, [...node, 'underfoot', 'PORT', format, String(rateHz)]);
  }
}
if (options.json)
  console.log(JSON.stringify({ node: process.version, seconds: Number(options.seconds), rows }, null, 2));
