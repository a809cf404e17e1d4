import { AnsweringDevice, int16Steps } from './answering-device.ts';
import type { CurrentSource } from './device.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A Roboteq with its echo on: `?A` is answered, `# ms` repeats the last query, `# C` ends that, `!` is a command. */
export class RoboteqDevice extends AnsweringDevice {
  readonly #motors: number;
  #asked = false;
  #repeatUs = 0;
  #nextUs = 0;

  constructor(motors: number, currentA: CurrentSource) {
    super(currentA);
    this.#motors = motors;
  }

  protected override take(pending: readonly number[], nowUs: number): number {
    const end = pending.indexOf(13);
    if (end < 0) return 0;
    const line = String.fromCharCode(...pending.slice(0, end)).trim();
    this.outbox.put(encode(`${line}\r`));
    this.#obey(line, nowUs);
    return end + 1;
  }

  protected override stream(nowUs: number): void {
    while (this.#asked && this.#repeatUs > 0 && nowUs >= this.#nextUs) {
      this.#answer(this.#nextUs);
      this.#nextUs = Math.max(this.#nextUs + this.#repeatUs, nowUs - 1e6);
    }
  }

  #obey(line: string, nowUs: number): void {
    const repeat = /^# *(\d+)$/.exec(line);
    if (line === '?A') {
      this.#asked = true;
      this.#answer(nowUs);
    } else if (repeat) {
      this.#repeatUs = 1000 * Number(repeat[1]);
      this.#nextUs = nowUs + this.#repeatUs;
    } else if (/^# *C$/i.test(line)) {
      this.#asked = false;
      this.#repeatUs = 0;
    } else {
      if (/^[!^%]/.test(line)) this.commands++;
      else this.misunderstood++;
      this.outbox.put(encode('-\r'));
    }
  }

  #answer(timeUs: number): void {
    const steps = Array.from({ length: this.#motors }, (_, m) => int16Steps(this.currentA(m, timeUs), 0.1));
    this.outbox.put(encode(`A=${steps.join(':')}\r`));
  }
}
