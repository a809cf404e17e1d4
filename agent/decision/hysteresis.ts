export interface HysteresisOptions {
  /** A new surface must be this likely ... */
  readonly enter?: number;
  /** ... for so many windows in a row. */
  readonly hold?: number;
}

/**
 * Holds the surface until another has been likely for long enough, so that what is published once per change does
 * not flutter on a boundary. After `reset` the first value is taken at once: there is nothing to hold on to.
 */
export class Hysteresis {
  readonly #enter: number;
  readonly #hold: number;
  #current: string | undefined;
  #candidate: string | undefined;
  #seen = 0;
  #fresh = true;

  constructor({ enter = 0.6, hold = 2 }: HysteresisOptions = {}) {
    this.#enter = enter;
    this.#hold = hold;
  }

  /** The surface held now; undefined before the first window. */
  get current(): string | undefined {
    return this.#current;
  }

  /** After a gap: the held surface stays until the next window says otherwise. */
  reset(): void {
    this.#fresh = true;
    this.#candidate = undefined;
    this.#seen = 0;
  }

  /** True when this window changes the surface. */
  push(value: string, confidence: number): boolean {
    const first = this.#fresh;
    this.#fresh = false;
    if (value === this.#current) {
      this.#candidate = undefined;
      this.#seen = 0;
      return false;
    }
    this.#seen = value === this.#candidate ? this.#seen + 1 : 1;
    this.#candidate = value;
    if (!first && (confidence < this.#enter || this.#seen < this.#hold)) return false;
    this.#current = value;
    this.#candidate = undefined;
    this.#seen = 0;
    return true;
  }
}
