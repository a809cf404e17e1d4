import { z } from 'zod';
import { levelPattern } from './topics.ts';

/** What the schemas of payloads are made of: each names its unit and describes itself. */
export const quantity = (unit: string, description: string) =>
  z.number().meta({ description, 'x-unit': unit });
export const count = (description: string) => z.number().int().nonnegative().meta({ description });
export const instant = (description: string) =>
  z.iso.datetime({ precision: 3 }).meta({ description: `${description} (UTC, ISO 8601)` });
export const probability = (description: string) => z.number().min(0).max(1).meta({ description });
export const label = (description: string) => z.string().regex(levelPattern).meta({ description });
export const probabilities = (description: string) =>
  z.record(z.string(), z.number().min(0).max(1)).meta({ description });
