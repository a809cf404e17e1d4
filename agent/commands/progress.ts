/** Shows on a terminal how far a long work is; says nothing where stderr is no terminal. */
class Progress {
  readonly #total: number;
  readonly #what: string;
  readonly #stream: NodeJS.WriteStream;
  #done = 0;

  constructor(what: string, total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#what = what;
    this.#total = total;
    this.#stream = stream;
    this.#draw('');
  }

  /** One more is done; `name` is the one that is worked on. */
  step(name = ''): void {
    this.#done++;
    this.#draw(name);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }

  #draw(name: string): void {
    if (!this.#stream.isTTY || this.#total < 2) return;
    const width = 30;
    const filled = Math.round((this.#done / this.#total) * width);
    const bar = '#'.repeat(filled).padEnd(width, '.');
    this.#stream.write(
      `\r\x1b[K${this.#what} [${bar}] ${this.#done}/${this.#total} ${name}`.slice(0, this.#stream.columns),
    );
  }
}

/** Works on each item with a bar; the bar goes even when one throws. */
export async function eachWithProgress<T>(
  what: string,
  items: readonly T[],
  nameOf: (item: T) => string,
  work: (item: T) => Promise<void> | void,
): Promise<void> {
  const progress = new Progress(what, items.length);
  try {
    for (const item of items) {
      await work(item);
      progress.step(nameOf(item));
    }
  } finally {
    progress.end();
  }
}
