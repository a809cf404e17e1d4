import { emitKeypressEvents } from 'node:readline';
import type { Ongoing } from './record-types.ts';
import { labelsAPage, pickedLabel, recordingLine, renderRecording } from './record-view.ts';

/** Shows a recording that is under way; `close` ends that. */
export interface RecordUi {
  /** Something that the person should know. */
  say(text: string): void;
  close(): void;
}

const drawMs = 200;
const lineMs = 10_000;
const messageMs = 6000;

interface Key {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
}

/** The live view of a terminal, on its alternate screen: what was there comes back. */
export class Screen implements RecordUi {
  readonly #ongoing: Ongoing;
  readonly #labels: readonly string[];
  readonly #onQuit: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly #onKey = (_text: string | undefined, key: Key) => this.#press(key);
  readonly #draw = () => this.#drawNow();
  #page = 0;
  #message = { text: '', untilMs: 0 };
  #marks = 0;

  constructor(ongoing: Ongoing, labels: readonly string[], onQuit: () => void) {
    this.#ongoing = ongoing;
    this.#labels = labels;
    this.#onQuit = onQuit;
    process.stdout.write('\x1b[?1049h\x1b[?25l');
    process.stdout.on('resize', this.#draw);
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true);
    process.stdin.on('keypress', this.#onKey);
    process.stdin.resume();
    this.#timer = setInterval(this.#draw, drawMs);
    this.#drawNow();
  }

  say(text: string): void {
    this.#message = { text, untilMs: performance.now() + messageMs };
    this.#drawNow();
  }

  close(): void {
    clearInterval(this.#timer);
    process.stdout.off('resize', this.#draw);
    process.stdin.off('keypress', this.#onKey);
    // A terminal that hung up cannot be set back.
    if (!process.stdin.destroyed) process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.write('\x1b[?25h\x1b[?1049l');
  }

  #press({ name, sequence, ctrl }: Key): void {
    if (name === 'q' || (ctrl && name === 'c')) this.#onQuit();
    else if (name === 'tab') this.#page = (this.#page + 1) % this.#pages;
    else if (name === 'u') this.#do(() => this.#ongoing.undo(), 'taken back');
    else if (name === 'space') this.#do(() => this.#ongoing.mark(), `mark ${++this.#marks}`);
    else if (sequence !== undefined && /^[0-9]$/.test(sequence)) this.#pick(Number(sequence));
    this.#drawNow();
  }

  get #pages(): number {
    return Math.max(1, Math.ceil(this.#labels.length / labelsAPage));
  }

  #pick(digit: number): void {
    const label = pickedLabel({ labels: this.#labels, page: this.#page }, digit);
    if (label === undefined || label === this.#ongoing.snapshot().label) return;
    this.#do(() => this.#ongoing.label(label, 'key'), label ?? 'no label');
  }

  #do(action: () => Promise<void>, done: string): void {
    action().then(
      () => this.say(done),
      (error: Error) => this.say(error.message),
    );
  }

  #drawNow(): void {
    // A terminal that knows no size says 0.
    const columns = process.stdout.columns || 80;
    const rows = process.stdout.rows || 24;
    const message = performance.now() < this.#message.untilMs ? this.#message.text : '';
    const keys = { labels: this.#labels, page: this.#page };
    const lines = renderRecording(this.#ongoing.snapshot(), keys, message, Math.max(40, columns));
    const text = lines.slice(0, rows).map((line) => `${line}\x1b[K`);
    process.stdout.write(`\x1b[H${text.join('\r\n')}\x1b[J`);
  }
}

/** A line every ten seconds, for logs and pipes. */
export class Lines implements RecordUi {
  readonly #timer: NodeJS.Timeout;
  readonly #json: boolean;

  constructor(ongoing: Ongoing, json: boolean) {
    this.#json = json;
    const { sessionId, startTime } = ongoing;
    const print = (event: string) => {
      const { channels: _channels, ...facts } = ongoing.snapshot();
      if (json) console.log(JSON.stringify({ event, startTime, ...facts }));
      else if (event === 'recording') console.log(recordingLine(facts as typeof facts & { channels: [] }));
      else console.log(`recording ${sessionId}`);
    };
    print('start');
    this.#timer = setInterval(() => print('recording'), lineMs);
  }

  say(text: string): void {
    if (!this.#json) console.log(text);
    else console.log(JSON.stringify({ event: 'note', text }));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
