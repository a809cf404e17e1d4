import type { LstmGradients, LstmKernel, LstmRun, LstmShape, LstmWeights } from './lstm-kernel.ts';

/**
 * The same LSTM in plain loops over typed arrays: the reference that the kernel is tested against, and the fallback
 * where WebAssembly SIMD is missing. Sums in double precision, keeps in single.
 */
export const plainLstm: LstmKernel = {
  name: 'plain typed arrays',
  forward: (shape, input, weights) => new PlainRun(shape, input, weights),
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

class PlainRun implements LstmRun {
  readonly output: Float32Array;
  readonly #shape: LstmShape;
  readonly #input: Float32Array;
  readonly #weights: LstmWeights;
  /** [steps, batch, 4 units], after activation */
  readonly #gates: Float32Array;
  /** [steps + 1, batch, units]; the first slab is the start, zero. */
  readonly #cells: Float32Array;
  readonly #hidden: Float32Array;

  constructor(shape: LstmShape, input: Float32Array, weights: LstmWeights) {
    const { steps, batch, units } = shape;
    this.#shape = shape;
    this.#input = input;
    this.#weights = weights;
    this.#gates = new Float32Array(steps * batch * 4 * units);
    this.#cells = new Float32Array((steps + 1) * batch * units);
    this.#hidden = new Float32Array((steps + 1) * batch * units);
    const z = new Float64Array(4 * units);
    for (let t = 0; t < steps; t++) for (let b = 0; b < batch; b++) this.#step(t, b, z);
    this.output = this.#readOutput();
  }

  #inputAt(t: number, b: number): number {
    const { steps, inputs, reverse } = this.#shape;
    return (b * steps + (reverse ? steps - 1 - t : t)) * inputs;
  }

  #step(t: number, b: number, z: Float64Array): void {
    const { batch, units, inputs } = this.#shape;
    const { kernel, recurrent, bias } = this.#weights;
    const before = (t * batch + b) * units;
    const after = before + batch * units;
    const x = this.#inputAt(t, b);
    for (let g = 0; g < 4 * units; g++) z[g] = bias[g];
    for (let i = 0; i < inputs; i++) {
      const v = this.#input[x + i];
      for (let g = 0; g < 4 * units; g++) z[g] += v * kernel[i * 4 * units + g];
    }
    for (let k = 0; k < units; k++) {
      const v = this.#hidden[before + k];
      for (let g = 0; g < 4 * units; g++) z[g] += v * recurrent[k * 4 * units + g];
    }
    const gate = (t * batch + b) * 4 * units;
    for (let n = 0; n < units; n++) {
      const i = sigmoid(z[n]);
      const f = sigmoid(z[units + n]);
      const g = Math.tanh(z[2 * units + n]);
      const o = sigmoid(z[3 * units + n]);
      const c = f * this.#cells[before + n] + i * g;
      this.#gates[gate + n] = i;
      this.#gates[gate + units + n] = f;
      this.#gates[gate + 2 * units + n] = g;
      this.#gates[gate + 3 * units + n] = o;
      this.#cells[after + n] = c;
      this.#hidden[after + n] = o * Math.tanh(c);
    }
  }

  #readOutput(): Float32Array {
    const { steps, batch, units, every } = this.#shape;
    if (!every) return this.#hidden.slice(steps * batch * units);
    const output = new Float32Array(batch * steps * units);
    for (let t = 0; t < steps; t++) {
      for (let b = 0; b < batch; b++) {
        const from = ((t + 1) * batch + b) * units;
        output.set(this.#hidden.subarray(from, from + units), (b * steps + t) * units);
      }
    }
    return output;
  }

  backward(dOutput: Float32Array, wantInput: boolean): LstmGradients {
    const { steps, batch, units, inputs, every } = this.#shape;
    const d = {
      kernel: new Float32Array(inputs * 4 * units),
      recurrent: new Float32Array(units * 4 * units),
      bias: new Float32Array(4 * units),
      input: wantInput ? new Float32Array(batch * steps * inputs) : undefined,
    };
    const dz = new Float64Array(4 * units);
    for (let b = 0; b < batch; b++) {
      const dh = new Float64Array(units);
      const dc = new Float64Array(units);
      for (let t = steps - 1; t >= 0; t--) {
        const slot = every ? b * steps + t : b;
        if (every || t === steps - 1) for (let n = 0; n < units; n++) dh[n] += dOutput[slot * units + n];
        this.#gateGradients(t, b, dh, dc, dz);
        this.#accumulate(t, b, dz, dh, d);
      }
    }
    return d;
  }

  #gateGradients(t: number, b: number, dh: Float64Array, dc: Float64Array, dz: Float64Array): void {
    const { batch, units } = this.#shape;
    const before = (t * batch + b) * units;
    const gate = (t * batch + b) * 4 * units;
    for (let n = 0; n < units; n++) {
      const [i, f, g, o] = [0, 1, 2, 3].map((k) => this.#gates[gate + k * units + n]);
      const tanhC = Math.tanh(this.#cells[before + batch * units + n]);
      const c = dc[n] + dh[n] * o * (1 - tanhC * tanhC);
      dz[n] = c * g * i * (1 - i);
      dz[units + n] = c * this.#cells[before + n] * f * (1 - f);
      dz[2 * units + n] = c * i * (1 - g * g);
      dz[3 * units + n] = dh[n] * tanhC * o * (1 - o);
      dc[n] = c * f;
    }
  }

  #accumulate(
    t: number,
    b: number,
    dz: Float64Array,
    dh: Float64Array,
    d: { kernel: Float32Array; recurrent: Float32Array; bias: Float32Array; input?: Float32Array },
  ): void {
    const { batch, units, inputs } = this.#shape;
    const before = (t * batch + b) * units;
    const x = this.#inputAt(t, b);
    for (let g = 0; g < 4 * units; g++) d.bias[g] += dz[g];
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let g = 0; g < 4 * units; g++) {
        d.kernel[i * 4 * units + g] += this.#input[x + i] * dz[g];
        sum += this.#weights.kernel[i * 4 * units + g] * dz[g];
      }
      if (d.input) d.input[x + i] = sum;
    }
    for (let k = 0; k < units; k++) {
      let sum = 0;
      for (let g = 0; g < 4 * units; g++) {
        d.recurrent[k * 4 * units + g] += this.#hidden[before + k] * dz[g];
        sum += this.#weights.recurrent[k * 4 * units + g] * dz[g];
      }
      dh[k] = sum;
    }
  }

  release(): void {}
}
