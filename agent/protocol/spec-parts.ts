import { z } from 'zod';

/** Parts that the specifications of several protocols share. */

export const channelName = z.string().min(1).max(64);

export const rateHz = (fallback: number, max: number) =>
  z.number().min(0.1).max(max).default(fallback).describe('Rounds of requests a second.');

export const timeoutMs = z.number().min(1).max(10_000).default(100).describe('How long an answer may take.');

export const channelNames = z
  .array(channelName)
  .min(1)
  .optional()
  .describe("Names for the channels, in place of the device's own.");

export const wrapBits = z
  .int()
  .min(4)
  .max(48)
  .optional()
  .describe('Width of the counter, if it wraps: 32 for micros() and millis().');

export const maxLineBytes = (fallback: number) =>
  z.int().min(16).max(65536).default(fallback).describe('Longer lines are discarded.');

/** For `superRefine`: the right number of names, none twice. */
export function checkNames(
  given: readonly string[] | undefined,
  count: number,
  context: { addIssue: (issue: { code: 'custom'; message: string; path: string[] }) => void },
): void {
  if (given === undefined) return;
  if (given.length !== count || new Set(given).size !== count) {
    context.addIssue({
      code: 'custom',
      message: `expected ${count} different names, found ${given.length === 0 ? 'none' : given.join(', ')}`,
      path: ['channels'],
    });
  }
}

export const pollTiming = (spec: { rateHz: number; timeoutMs: number }) => ({
  intervalUs: 1e6 / spec.rateHz,
  timeoutUs: spec.timeoutMs * 1000,
});
