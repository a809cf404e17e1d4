/**
 * MT19937 (Matsumoto and Nishimura 1998), seeded and drawn from as Python's `random.Random` does, so that a detector
 * that samples can be held against Python's step by step.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(624);
  #index = 624;

  constructor(seed: number) {
    const s = this.#state;
    s[0] = 19650218;
    for (let i = 1; i < 624; i++) s[i] = Math.imul(1812433253, s[i - 1] ^ (s[i - 1] >>> 30)) + i;
    let i = 1;
    for (let k = 0; k < 624; k++) {
      s[i] = (s[i] ^ Math.imul(s[i - 1] ^ (s[i - 1] >>> 30), 1664525)) + seed;
      if (++i >= 624) {
        s[0] = s[623];
        i = 1;
      }
    }
    for (let k = 0; k < 623; k++) {
      s[i] = (s[i] ^ Math.imul(s[i - 1] ^ (s[i - 1] >>> 30), 1566083941)) - i;
      if (++i >= 624) {
        s[0] = s[623];
        i = 1;
      }
    }
    s[0] = 0x80000000;
  }

  /** The next 32 random bits. */
  next(): number {
    if (this.#index >= 624) this.#twist();
    let y = this.#state[this.#index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** Uniform in 0 ... bound - 1, by rejection. */
  below(bound: number): number {
    const bits = 32 - Math.clz32(bound);
    for (;;) {
      const r = this.next() >>> (32 - bits);
      if (r < bound) return r;
    }
  }

  /** Fills `out` with distinct numbers below `bound`, using `pool` (length `bound`) as room to work in. */
  sample(bound: number, out: Uint16Array, pool: Uint16Array): void {
    for (let i = 0; i < bound; i++) pool[i] = i;
    for (let i = 0; i < out.length; i++) {
      const j = this.below(bound - i);
      out[i] = pool[j];
      pool[j] = pool[bound - i - 1];
    }
  }

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
      s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}
