/**
 * One reader on a pty, in a process of its own, so that its CPU time is its own:
 *   tsx scripts/bench/pty-reader.ts underfoot|readline PORT text|binary RATE
 * Reads until standard input ends; skips the first second; prints one line of JSON.
 */
import { SerialPort } from 'serialport';
import { SerialSource } from '../../agent/source/serial.ts';
import { type Reader, readlineReader, windowReader } from './readers.ts';
import type { Format } from './stream.ts';

const [kind, path, format, rate] = process.argv.slice(2);

function open(reader: Reader): Promise<void> {
  if (kind === 'readline') {
    const port = new SerialPort({ path, baudRate: 115200 });
    port.on('data', (bytes: Buffer) => reader.feed(bytes, 0));
    return new Promise((resolve) => port.once('open', () => resolve()));
  }
  const source = new SerialSource({ path, baudRate: 115200 });
  return new Promise((resolve) => {
    source.start({
      onBytes: (bytes, arrivalUs) => reader.feed(bytes, arrivalUs),
      onState: (state) => state === 'open' && resolve(),
    });
  });
}

const reader = kind === 'readline' ? readlineReader() : windowReader(format as Format, Number(rate), 6.5);
await open(reader);
console.log('ready');
let start = { cpu: process.cpuUsage(), samples: 0, atMs: 0 };
setTimeout(() => {
  start = { cpu: process.cpuUsage(), samples: reader.samples, atMs: performance.now() };
}, 1000);
process.stdin.resume();
process.stdin.on('end', () => {
  const { user, system } = process.cpuUsage(start.cpu);
  const samples = reader.samples - start.samples;
  console.log(JSON.stringify({ samples, cpuUs: user + system, wallMs: performance.now() - start.atMs }));
  process.exit(0);
});
