import { Random } from '../simulate/random.ts';

/** A generator for one place in a run: the same (seed, places) give the same numbers, whatever was drawn before. */
export function randomAt(seed: number, ...places: number[]): Random {
  let h = seed | 0;
  for (const place of places) {
    h = Math.imul(h ^ (place + 0x9e3779b9), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return new Random(h);
}

/**
 * Runs `work` with Math.random seeded. TensorFlow.js draws the seeds of its initialisers and dropout masks from it and
 * has no other global seed. `work` is synchronous, so nothing else sees the replacement.
 */
export function seeded<T>(random: Random, work: () => T): T {
  const own = Math.random;
  Math.random = () => random.uniform();
  try {
    return work();
  } finally {
    Math.random = own;
  }
}

/** 0 to n - 1 in random order (Fisher and Yates). */
export function permutation(n: number, random: Random): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
