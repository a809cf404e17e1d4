import { softmax } from '../../agent/decision/scaling.ts';
import { FeatureExtractor } from '../../agent/drift/features.ts';
import type { Sample } from './windows.ts';

/**
 * A small model that trains in a second, so that every figure can be out of fold: softmax regression on window
 * statistics, their logarithms and soft histograms, every recording of a label and every label weighted alike.
 */
export class SoftmaxRegression {
  readonly #extractor: FeatureExtractor;
  readonly #channels: number;
  readonly #steps: number;
  readonly #labels: number;
  #mean = new Float64Array();
  #scale = new Float64Array();
  #weights = new Float64Array();

  constructor(channels: readonly string[], steps: number, labels: number) {
    this.#extractor = new FeatureExtractor(channels, steps);
    this.#channels = channels.length;
    this.#steps = steps;
    this.#labels = labels;
  }

  train(samples: readonly Sample[], { iterations = 300, decay = 0.003, rate = 0.05 } = {}): void {
    const rows = samples.map((s) => this.#describe(s.data));
    const width = rows[0].length;
    this.#mean = new Float64Array(width);
    this.#scale = new Float64Array(width).fill(1);
    const weight = balance(samples);
    for (let f = 0; f < width; f++) {
      let [m, v] = [0, 0];
      rows.forEach((r, i) => {
        m += weight[i] * r[f];
      });
      rows.forEach((r, i) => {
        v += weight[i] * (r[f] - m) ** 2;
      });
      this.#mean[f] = m;
      this.#scale[f] = Math.sqrt(v) + 0.02;
    }
    const z = rows.map((r) => this.#standardise(r));
    this.#weights = new Float64Array(this.#labels * (width + 1));
    const adam = { m: new Float64Array(this.#weights.length), v: new Float64Array(this.#weights.length) };
    const p = new Float64Array(this.#labels);
    for (let step = 1; step <= iterations; step++) {
      const gradient = this.#weights.map((w, i) => (i % (width + 1) === width ? 0 : decay * w));
      z.forEach((row, i) => {
        softmax(this.#logits(row), 1, p);
        for (let k = 0; k < this.#labels; k++) {
          const error = weight[i] * (p[k] - (k === samples[i].truth ? 1 : 0));
          const at = k * (width + 1);
          for (let f = 0; f < width; f++) gradient[at + f] += error * row[f];
          gradient[at + width] += error;
        }
      });
      for (let i = 0; i < gradient.length; i++) {
        adam.m[i] = 0.9 * adam.m[i] + 0.1 * gradient[i];
        adam.v[i] = 0.99 * adam.v[i] + 0.01 * gradient[i] ** 2;
        const [m, v] = [adam.m[i] / (1 - 0.9 ** step), adam.v[i] / (1 - 0.99 ** step)];
        this.#weights[i] -= (rate * m) / (Math.sqrt(v) + 1e-8);
      }
    }
  }

  classify(data: Float32Array): Float32Array {
    return softmax(this.#logits(this.#standardise(this.#describe(data))), 1, new Float32Array(this.#labels));
  }

  #logits(row: Float64Array): Float64Array {
    const width = row.length;
    return Float64Array.from({ length: this.#labels }, (_, k) => {
      const at = k * (width + 1);
      let sum = this.#weights[at + width];
      for (let f = 0; f < width; f++) sum += this.#weights[at + f] * row[f];
      return sum;
    });
  }

  #standardise(row: Float64Array): Float64Array {
    return row.map((x, f) => Math.max(-4, Math.min(4, (x - this.#mean[f]) / this.#scale[f])));
  }

  #describe(data: Float32Array): Float64Array {
    const basic = this.#extractor.extract(data, new Float64Array(this.#extractor.names.length));
    const row = [...basic];
    this.#extractor.names.forEach((name, i) => {
      if (/\.(mean|std|max|change)$/.test(name)) row.push(Math.log(0.1 + Math.abs(basic[i])));
    });
    for (let c = 0; c < this.#channels; c++) {
      for (const level of [0.3, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 10, 12, 14, 17]) {
        let below = 0;
        for (let i = 0; i < this.#steps; i++) {
          const x = Math.log1p(Math.max(0, data[i * this.#channels + c]));
          below += Math.max(0, Math.min(1, (Math.log1p(level) - x) / 0.2 + 0.5));
        }
        row.push(below / this.#steps);
      }
    }
    return Float64Array.from(row);
  }
}

/** Weights that sum to 1: every label alike, every recording of a label alike (by the root of its length). */
function balance(samples: readonly Sample[]): Float64Array {
  const length = new Map<string, number>();
  for (const s of samples) length.set(s.recording, (length.get(s.recording) ?? 0) + 1);
  const own = samples.map((s) => 1 / Math.sqrt(length.get(s.recording)!));
  const byLabel = new Map<number, number>();
  samples.forEach((s, i) => {
    byLabel.set(s.truth, (byLabel.get(s.truth) ?? 0) + own[i]);
  });
  return Float64Array.from(own, (w, i) => w / byLabel.get(samples[i].truth)! / byLabel.size);
}
