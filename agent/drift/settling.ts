/** What the monitor must know of a window to tell on which side of a change of surface it lies. */
export interface Crossing {
  /** Of this window alone. */
  readonly label: string;
  /** With the windows before it. */
  readonly smoothedLabel: string;
  readonly surfaceChanged: boolean;
}

/** A window whose label is settled. */
export interface Settled {
  /** One number a stream; overwritten by a later window. */
  readonly values: Float64Array;
  /** The surface that it was driven on, as far as is known by now. */
  readonly label: string;
  /** The surface changed with this window, or with one before it that was dropped: what compares must begin anew. */
  readonly restart: boolean;
}

interface Entry {
  readonly values: Float64Array;
  raw: string;
  label: string;
  restart: boolean;
}

/** Windows that are held back at most while their own label contradicts the smoothed one, where few overlap. */
const mostHeld = 12;

/** Windows of a model that lie across one moment, so with part of their steps before it. */
export function overlapOf({ steps, stride }: { readonly steps: number; readonly stride: number }): number {
  return Math.max(0, Math.ceil(steps / stride) - 1);
}

/**
 * A short delay between windows and detectors. The smoothed label follows a change of surface some windows late, and
 * windows that lie across the change are like neither surface; held against the old surface's reference, both would be
 * drift. So a window is passed on when later ones have confirmed its label: those across a change are dropped, those after
 * it go to the new surface. Constant memory.
 */
export class Settling {
  /** Windows that lay across a change of surface. */
  dropped = 0;
  readonly #before: number;
  readonly #after: number;
  readonly #mostHeld: number;
  readonly #free: Entry[];
  readonly #held: Entry[] = [];
  #label: string | undefined;
  #skip = 0;
  /** The window with which the surface changed was dropped: the next one begins anew in its place. */
  #restart = false;

  /** `overlap`: windows that lie across one change. */
  constructor(streams: number, overlap: number) {
    // The label turns with the window that has half its steps behind the change, or the next.
    this.#before = Math.ceil((overlap + 1) / 2);
    this.#after = Math.floor((overlap + 1) / 2);
    if (overlap === 0) this.#before = this.#after = 0;
    this.#mostHeld = Math.max(mostHeld, 2 * this.#before);
    this.#free = Array.from({ length: this.#mostHeld + 1 }, () => ({
      values: new Float64Array(streams),
      raw: '',
      label: '',
      restart: false,
    }));
  }

  reset(): void {
    while (this.#held.length > 0) this.#free.push(this.#held.shift()!);
    this.#label = undefined;
    this.#skip = 0;
    this.#restart = false;
  }

  /** Room for the numbers of the window that is pushed next. */
  get room(): Float64Array {
    return this.#free[this.#free.length - 1].values;
  }

  /** Takes the window whose numbers are in `room`; gives those that are settled by it, in order. */
  *push({ label, smoothedLabel, surfaceChanged }: Crossing): Generator<Settled, void> {
    const entry = this.#free.pop()!;
    entry.raw = label;
    entry.label = smoothedLabel;
    entry.restart = surfaceChanged || this.#restart;
    this.#restart = false;
    this.#held.push(entry);
    if (this.#label !== undefined && smoothedLabel !== this.#label) this.#cross(smoothedLabel);
    else if (this.#skip > 0) {
      this.#skip--;
      this.#drop(this.#held.length - 1);
    }
    this.#label = smoothedLabel;
    const keep = label === smoothedLabel ? this.#before : this.#mostHeld;
    while (this.#held.length > keep) yield this.#pass();
  }

  /** Passes on what is held, as it is: time is missing after it. */
  *flush(): Generator<Settled, void> {
    while (this.#held.length > 0) yield this.#pass();
    this.#label = undefined;
    this.#skip = 0;
    this.#restart = false;
  }

  /** The surface has turned into `label`: since when, and which windows lie across the change? */
  #cross(label: string): void {
    let first = this.#held.length - 1;
    while (first > 0 && this.#held[first - 1].raw === label) first--;
    for (let i = first; i < this.#held.length; i++) this.#held[i].label = label;
    this.#skip = Math.max(0, first + this.#after - this.#held.length);
    const to = Math.min(this.#held.length, first + this.#after);
    for (let i = to - 1; i >= Math.max(0, first - this.#before); i--) this.#drop(i);
  }

  #drop(index: number): void {
    const [entry] = this.#held.splice(index, 1);
    this.dropped++;
    // The next window takes its place; those that are held before it are of the old surface.
    const next = this.#held[index];
    if (entry.restart && next) next.restart = true;
    else if (entry.restart) this.#restart = true;
    this.#free.unshift(entry);
  }

  #pass(): Settled {
    const entry = this.#held.shift()!;
    this.#free.unshift(entry);
    return entry;
  }
}
