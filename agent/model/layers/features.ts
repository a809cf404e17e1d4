import type { Ops } from './ops.ts';

/** Amperes at which the distribution of the current is sampled. */
const LEVELS = [0.3, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20];
const LAGS = [1, 2, 3, 5, 8, 13];

/** Currents below this (A) count as this: they are noise about zero, or of a motor that feeds back. */
const LEAST = -0.9;

/** log(1 + current), finite for every current. */
function logCurrent<T>(o: Ops<T>, v: T): T {
  return o.log(o.add(o.clip(v, LEAST, 1e30), 1));
}

/** What one window looks like as a whole: level, spread, roughness, rhythm, shape, distribution. [batch, 41 channels] */
export function windowStatistics<T>(o: Ops<T>, v: T): T {
  const square = (u: T): T => o.mul(u, u);
  const spread = (u: T): T => o.sqrt(o.mean(square(o.sub(u, o.mean(u)))));
  const l = logCurrent(o, v);
  const change = o.sub(o.steps(v, 1), o.steps(v, 0, -1));
  const size = o.abs(change);
  const mean = o.mean(v);
  const centred = o.sub(v, mean);
  const variance = o.mean(square(centred));
  const sd = o.sqrt(variance);
  const roughness = o.mean(size);
  const [low, high] = [o.min(v), o.max(v)];
  const cube = o.mul(square(centred), centred);
  const skew = o.div(o.mean(cube), o.add(o.mul(variance, sd), 0.03));
  const peak = o.div(o.mean(square(square(centred))), o.add(square(variance), 0.001));
  const together = (lag: number): T => o.mean(o.mul(o.steps(centred, 0, -lag), o.steps(centred, lag)));
  const neighbours = o.mul(o.steps(centred, 1), o.steps(centred, 0, -1));
  const one = [
    o.mean(l),
    o.log(o.add(sd, 0.1)),
    o.log(o.add(spread(l), 0.05)),
    o.log(o.add(roughness, 0.1)),
    mean,
    sd,
    low,
    high,
    logCurrent(o, low),
    logCurrent(o, high),
    spread(change),
    roughness,
    o.div(o.joinSteps(LAGS.map(together)), o.add(variance, 0.01)),
    o.mean(o.below(v, 0.5)),
    o.mean(o.below(neighbours, 0)),
    skew,
    o.log(o.add(peak, 0.5)),
  ];
  return o.join([o.flat(o.joinSteps(one)), o.share(l, LEVELS.map(Math.log1p), 0.2)]);
}

/** Five numbers of every 8 steps, every 4 steps. [batch, 24, 5 channels] for 100 steps */
export function chunkStatistics<T>(o: Ops<T>, v: T): T {
  const [size, hop] = [8, 4];
  const l = logCurrent(o, v);
  const start = o.mul(o.steps(v, 0, 1), 0);
  const change = o.joinSteps([start, o.abs(o.sub(o.steps(v, 1), o.steps(v, 0, -1)))]);
  // Centred first: the difference of two large means would lose the small spread.
  const centred = o.sub(l, o.mean(l));
  const mean = o.meanOf(centred, size, hop);
  const variance = o.relu(o.sub(o.meanOf(o.mul(centred, centred), size, hop), o.mul(mean, mean)));
  return o.join([
    o.meanOf(l, size, hop),
    o.maxOf(l, size, hop),
    o.mul(o.maxOf(o.mul(l, -1), size, hop), -1),
    o.log(o.add(o.sqrt(variance), 0.05)),
    o.log(o.add(o.meanOf(change, size, hop), 1)),
  ]);
}

/** Log current, its change from the step before, and the size of that change. [batch, steps, 3 channels] */
export function logSteps<T>(o: Ops<T>, v: T): T {
  const l = logCurrent(o, v);
  const change = o.joinSteps([o.mul(o.steps(l, 0, 1), 0), o.sub(o.steps(l, 1), o.steps(l, 0, -1))]);
  return o.join([l, change, o.abs(change)]);
}

/** How two motors differ and move together: mean and size of the difference, spread of difference and sum, correlation. [batch, 5] */
export function pairStatistics<T>(o: Ops<T>, a: T, b: T): T {
  const square = (u: T): T => o.mul(u, u);
  const [ac, bc] = [o.sub(a, o.mean(a)), o.sub(b, o.mean(b))];
  const rms = (u: T): T => o.sqrt(o.mean(square(u)));
  return o.flat(
    o.joinSteps([
      o.mean(o.sub(a, b)),
      o.mean(o.abs(o.sub(a, b))),
      rms(o.sub(ac, bc)),
      rms(o.add(ac, bc)),
      o.div(o.mean(o.mul(ac, bc)), o.add(o.mul(rms(ac), rms(bc)), 0.05)),
    ]),
  );
}
