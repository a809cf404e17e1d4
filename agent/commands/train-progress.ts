import type { EpochResult } from '../train/epoch-result.ts';
import { terminalCurve } from '../train/report/terminal-curve.ts';

const HEIGHT = 6;
const REDRAW_MS = 250;

/** Shows how a run goes: a loss curve that is redrawn on a terminal, some lines in a file, JSON lines for programs. */
export class TrainProgress {
  readonly #epochs: number;
  readonly #json: boolean;
  readonly #losses: number[] = [];
  readonly #startMs = performance.now();
  #drawnMs = 0;
  #lines = 0;

  constructor(epochs: number, json: boolean) {
    this.#epochs = epochs;
    this.#json = json;
  }

  epoch(result: EpochResult): void {
    if (this.#json) {
      console.log(JSON.stringify(result));
      return;
    }
    this.#losses.push(result.loss);
    if (!process.stdout.isTTY) {
      const every = Math.max(1, Math.round(this.#epochs / 20));
      if (result.epoch % every === 0 || result.epoch === this.#epochs) console.log(this.#line(result));
    } else if (performance.now() - this.#drawnMs > REDRAW_MS || result.epoch === this.#epochs) {
      this.#draw(result);
    }
  }

  #draw(result: EpochResult): void {
    this.#drawnMs = performance.now();
    const width = Math.min(100, (process.stdout.columns ?? 80) - 12);
    const lines = [...terminalCurve(this.#losses, width, HEIGHT), this.#line(result)];
    const back = this.#lines > 0 ? `\x1b[${this.#lines}A` : '';
    process.stdout.write(back + lines.map((line) => `\x1b[2K${line}\n`).join(''));
    this.#lines = lines.length;
  }

  #line(r: EpochResult): string {
    const passedS = (performance.now() - this.#startMs) / 1000;
    const leftS = (passedS / this.#losses.length) * (this.#epochs - r.epoch);
    const held =
      r.valAccuracy === undefined ? '' : `, held out ${r.valLoss?.toFixed(4)} / ${r.valAccuracy.toFixed(3)}`;
    return `epoch ${r.epoch}/${this.#epochs}: loss ${r.loss.toFixed(4)}, accuracy ${r.accuracy.toFixed(3)}${held}, ${leftS.toFixed(0)} s left`;
  }
}
