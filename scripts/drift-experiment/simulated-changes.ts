import { Random } from '../../agent/simulate/random.ts';

/** What happens to the simulated robot on its way, at a time of the drive (s). */
export interface SimulatedChange {
  readonly name: string;
  /** Its weight. */
  readonly load?: (timeS: number) => number;
  /** What the sensor says instead, in A, in place. */
  readonly apply?: (currentA: Float64Array, timeS: number) => void;
  /** What the device's clock says instead, in us. */
  readonly clock?: (timeUs: number) => number;
}

/** Standard deviation of the simulated sensor's noise. */
const NOISE_A = 0.05;

/** All changes that are tried, from `atS` on. */
export function simulatedChanges(atS: number): SimulatedChange[] {
  /** Every channel from then on. */
  const each = (change: (a: number) => number): SimulatedChange['apply'] => {
    return (currentA, timeS) => {
      if (timeS >= atS) currentA.set(currentA.map(change));
    };
  };
  const clock = (factor: number) => (timeUs: number) =>
    timeUs < atS * 1e6 ? timeUs : atS * 1e6 + (timeUs - atS * 1e6) * factor;
  const random = new Random(5);
  let stuckA = Number.NaN;
  return [
    ...[1.1, 1.25, 1.5, 2].map((load) => ({
      name: `load x ${load}`,
      load: (timeS: number) => (timeS < atS ? 1 : load),
    })),
    ...[1.1, 1.25, 1.5, 2].map((gain) => ({
      name: `gain x ${gain}`,
      apply: each((a) => a * gain),
    })),
    { name: 'offset + 0.5 A', apply: each((a) => a + 0.5) },
    {
      name: 'one channel dead',
      apply: (currentA, timeS) => {
        if (timeS >= atS) currentA[0] = 0;
      },
    },
    {
      name: 'one channel stuck',
      apply: (currentA, timeS) => {
        if (timeS < atS) stuckA = currentA[0];
        else currentA[0] = stuckA;
      },
    },
    {
      name: 'channels swapped',
      apply: (currentA, timeS) => {
        if (timeS >= atS) currentA.reverse();
      },
    },
    { name: 'sensor noise + 6 dB', apply: each((a) => a + Math.sqrt(3) * NOISE_A * random.normal()) },
    { name: 'rate x 2', clock: clock(0.5) },
    { name: 'rate / 2', clock: clock(2) },
  ];
}
