/**
 * Statistics of a window that predict when a model fails: level, spread, spectrum, step-to-step change, stuck values,
 * and how the channels go together. Named by channel (`curL.mean`) and by pair of neighbours (`curL-curR.correlation`).
 */
const channelStatistics = [
  'mean',
  'std',
  'min',
  'max',
  /** Mean absolute change from one step to the next. */
  'change',
  /** Share of the power (without the mean) above a quarter of Nyquist, 0 to 1. */
  'highShare',
  /** Centre of the power spectrum, as a share of Nyquist. */
  'centroid',
  /** Longest run of one and the same value, as a share of the window. */
  'stuck',
] as const;

const pairStatistics = [
  /** Pearson's r; 0 where a channel does not move. */
  'correlation',
  /** (mean of first - mean of second) / (sum of their absolute means), -1 to 1. */
  'asymmetry',
] as const;

const perChannel = channelStatistics.length;
const perPair = pairStatistics.length;
/** Power below this share of a channel's squared level is rounding, not signal. */
const noPower = 1e-12;

/** Computes the statistics of windows of one shape. Allocates nothing after construction. */
export class FeatureExtractor {
  /** In the order of the values that `extract` gives. */
  readonly names: readonly string[];
  readonly #steps: number;
  readonly #channels: number;
  /** cos and sin tables of the discrete Fourier transform, one row a frequency 1 ... steps / 2. */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  constructor(channels: readonly string[], steps: number) {
    this.#steps = steps;
    this.#channels = channels.length;
    this.names = [
      ...channels.flatMap((c) => channelStatistics.map((s) => `${c}.${s}`)),
      ...channels.slice(1).flatMap((c, i) => pairStatistics.map((s) => `${channels[i]}-${c}.${s}`)),
    ];
    const bins = Math.floor(steps / 2);
    this.#cos = new Float64Array(bins * steps);
    this.#sin = new Float64Array(bins * steps);
    for (let k = 0; k < bins; k++) {
      for (let i = 0; i < steps; i++) {
        const angle = (2 * Math.PI * (k + 1) * i) / steps;
        this.#cos[k * steps + i] = Math.cos(angle);
        this.#sin[k * steps + i] = Math.sin(angle);
      }
    }
  }

  /** `data`: steps x channels, row-major, in the card's unit. Fills and returns `out` (one number a name). */
  extract(data: ArrayLike<number>, out: Float64Array): Float64Array {
    for (let c = 0; c < this.#channels; c++) this.#channel(data, c, out);
    for (let c = 1; c < this.#channels; c++) this.#pair(data, c, out);
    return out;
  }

  #channel(data: ArrayLike<number>, c: number, out: Float64Array): void {
    const n = this.#steps;
    const stride = this.#channels;
    let sum = 0;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let change = 0;
    let run = 1;
    let longest = 1;
    for (let i = 0; i < n; i++) {
      const x = data[i * stride + c];
      sum += x;
      if (x < min) min = x;
      if (x > max) max = x;
      if (i > 0) {
        const before = data[(i - 1) * stride + c];
        change += Math.abs(x - before);
        run = x === before ? run + 1 : 1;
        if (run > longest) longest = run;
      }
    }
    const mean = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (data[i * stride + c] - mean) ** 2;
    const at = c * perChannel;
    out[at] = mean;
    out[at + 1] = Math.sqrt(squares / n);
    out[at + 2] = min;
    out[at + 3] = max;
    out[at + 4] = change / (n - 1);
    this.#spectrum(data, c, mean, out, at + 5);
    out[at + 7] = longest / n;
  }

  #spectrum(data: ArrayLike<number>, c: number, mean: number, out: Float64Array, at: number): void {
    const n = this.#steps;
    const stride = this.#channels;
    const bins = Math.floor(n / 2);
    let power = 0;
    let high = 0;
    let weighted = 0;
    for (let k = 0; k < bins; k++) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < n; i++) {
        const x = data[i * stride + c] - mean;
        re += x * this.#cos[k * n + i];
        im += x * this.#sin[k * n + i];
      }
      const p = re * re + im * im;
      const frequency = (k + 1) / (n / 2);
      power += p;
      weighted += p * frequency;
      if (frequency > 0.25) high += p;
    }
    const flat = power <= noPower * (1 + mean * mean) * n * n;
    out[at] = flat ? 0 : high / power;
    out[at + 1] = flat ? 0 : weighted / power;
  }

  #pair(data: ArrayLike<number>, second: number, out: Float64Array): void {
    const n = this.#steps;
    const stride = this.#channels;
    const first = second - 1;
    const meanA = out[first * perChannel];
    const meanB = out[second * perChannel];
    let product = 0;
    for (let i = 0; i < n; i++)
      product += (data[i * stride + first] - meanA) * (data[i * stride + second] - meanB);
    const spread = out[first * perChannel + 1] * out[second * perChannel + 1] * n;
    const level = Math.abs(meanA) + Math.abs(meanB);
    const at = this.#channels * perChannel + first * perPair;
    out[at] = spread > noPower * n ? product / spread : 0;
    out[at + 1] = level > 0 ? (meanA - meanB) / level : 0;
  }
}

/** The statistics of one window by name: for one-off use; keep a `FeatureExtractor` for a stream. */
export function windowFeatures(
  data: ArrayLike<number>,
  steps: number,
  channels: readonly string[],
): Record<string, number> {
  const extractor = new FeatureExtractor(channels, steps);
  const values = extractor.extract(data, new Float64Array(extractor.names.length));
  return Object.fromEntries(extractor.names.map((name, i) => [name, values[i]]));
}
