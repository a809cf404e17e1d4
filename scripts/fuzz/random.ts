import v8 from 'node:v8';
import vm from 'node:vm';
import fc from 'fast-check';
import { check, healthyBytes } from './check.ts';
import { subjects } from './subjects.ts';

export interface Findings {
  readonly seconds: number;
  readonly runs: number;
  /** Most healthy bytes that were needed to understand the device again, and their mean. */
  readonly worstResyncBytes: number;
  readonly meanResyncBytes: number;
  readonly heapGrowthMb: number;
  readonly failure?: string;
}

const runsARound = 500;

/** Random bytes and damaged recordings for `seconds`. */
export function fuzzRandomly(subject: string, seconds: number, seed: number): Findings {
  const spec = subjects.get(subject)!;
  const healthy = healthyBytes(spec, 300_000);
  let runs = 0;
  let worst = 0;
  let sum = 0;
  const property = fc.property(line(healthy), fc.uint8Array({ maxLength: 4 }), (bytes, cuts) => {
    const resyncBytes = check(spec, bytes, cuts);
    runs++;
    sum += resyncBytes;
    worst = Math.max(worst, resyncBytes);
  });
  const startMs = performance.now();
  let heapMb = Number.NaN;
  let failure: string | undefined;
  for (let round = 0; performance.now() - startMs < seconds * 1000 && failure === undefined; round++) {
    const result = fc.check(property, { numRuns: runsARound, seed: seed + round });
    if (result.failed) failure = fc.defaultReportMessage(result);
    if (round === 2) heapMb = heapUsedMb();
  }
  return {
    seconds: Math.round((performance.now() - startMs) / 1000),
    runs,
    worstResyncBytes: worst,
    meanResyncBytes: Math.round(sum / runs),
    heapGrowthMb: Math.round(10 * (heapUsedMb() - heapMb)) / 10,
    failure,
  };
}

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** Live objects only. */
function heapUsedMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** Bytes of no meaning, pieces of a real line, and real lines with bytes changed, lost and added. */
function line(healthy: Uint8Array): fc.Arbitrary<Uint8Array> {
  const piece = fc
    .tuple(fc.nat(healthy.length), fc.nat(healthy.length))
    .map(([a, b]) => healthy.subarray(Math.min(a, b), Math.max(a, b)));
  const noise = fc.uint8Array({ maxLength: 64 });
  const change = fc.tuple(fc.nat(), fc.constantFrom('set', 'delete', 'insert'), fc.nat(255));
  const damaged = fc.tuple(piece, fc.array(change, { maxLength: 12 })).map(([bytes, changes]) => {
    const out = [...bytes];
    for (const [at, how, value] of changes) {
      const place = at % (out.length + 1);
      out.splice(place, how === 'insert' ? 0 : 1, ...(how === 'delete' ? [] : [value]));
    }
    return Uint8Array.from(out);
  });
  const long = fc.tuple(fc.nat(255), fc.nat(5000)).map(([byte, length]) => new Uint8Array(length).fill(byte));
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: damaged }, piece, noise, { weight: 1, arbitrary: long }), {
      maxLength: 6,
    })
    .map((parts) => Uint8Array.from(Buffer.concat(parts)));
}
