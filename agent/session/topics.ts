import type { Topic } from './mcap-writer.ts';

/**
 * What a session file holds. The JSON Schemas travel in the file, so that any MCAP tool can show it. Foxglove takes one
 * type a field, `properties` in every object and no lists of lists, and shows no message of a topic that has others; so
 * a schema names the type of a value that may be null too.
 */

/** A column of numbers: whole numbers as the first and then the steps, others as they are. NaN is null. */
export interface Column {
  first?: number;
  steps?: number[];
  values?: (number | null)[];
}

/** A batch of raw readings, in the order in which they came. */
export interface SamplesMessage {
  /** Counts samples since the session began; a hole is a loss. */
  first: number;
  count: number;
  /** Arrival on the agent's monotonic clock, microseconds. */
  arrivalUs: Column;
  /** The device's own ticks and sequence numbers, where it sends them. */
  ticks?: Column;
  sequence?: Column;
  /** By channel, as the decoder gave them, before calibration. */
  values: Record<string, Column>;
  /** Mean of the batch by channel, for plots. */
  mean: Record<string, number | null>;
  /** Values are float32 written as the shortest decimal number that gives the same float32. */
  float32?: boolean;
}

/** A label from `atUs` on; `undo` takes the last `set` back as if it had never been. */
export interface LabelMessage {
  op: 'set' | 'undo';
  /** null: what follows has no label. */
  label: string | null;
  /** On the agent's monotonic clock, as `arrivalUs` of the samples. */
  atUs: number;
  /** key, command, file, edit; `carried` repeats what an earlier file of the session says. */
  by: string;
}

/** Something that happened: `reset` (windows start anew before sample `atSample`), `mark`, `unmark` (takes the last one back), `model` (another one was taken into use) ... */
export interface EventMessage {
  kind: string;
  atUs: number;
  atSample: number;
  detail: string;
}

/** What the model said about a window; keys as in the MQTT payload, and as many more as the agent gives. */
export interface PredictionMessage {
  windowIndex: number;
  startUs: number;
  endUs: number;
  label: string;
  confidence: number;
  probabilities: Record<string, number>;
  [key: string]: unknown;
}

export const SAMPLES = 0;
export const LABELS = 1;
export const EVENTS = 2;
export const PREDICTIONS = 3;
export const DRIFT = 4;

const number = { type: 'number' };
const string = { type: 'string' };
const column = {
  type: 'object',
  properties: {
    first: number,
    steps: { type: 'array', items: number },
    values: { type: 'array', items: number },
  },
};
const object = (properties: Record<string, object>) => ({ type: 'object', properties });

const sameForAll = (names: readonly string[], schema: object) =>
  object(Object.fromEntries(names.map((name) => [name, schema])));

/** The topics of a session, in the order of `SAMPLES`, `LABELS`, ... */
export const topicsOf = (channels: readonly string[]): Topic[] => [
  {
    name: 'samples',
    schemaName: 'underfoot.Samples',
    schema: object({
      first: number,
      count: number,
      arrivalUs: column,
      ticks: column,
      sequence: column,
      values: sameForAll(channels, column),
      mean: sameForAll(channels, number),
      float32: { type: 'boolean' },
    }),
  },
  {
    name: 'labels',
    schemaName: 'underfoot.Label',
    schema: object({ op: string, label: string, atUs: number, by: string }),
  },
  {
    name: 'events',
    schemaName: 'underfoot.Event',
    schema: object({ kind: string, atUs: number, atSample: number, detail: string }),
  },
  {
    name: 'predictions',
    schemaName: 'underfoot.Prediction',
    schema: object({
      windowIndex: number,
      startUs: number,
      endUs: number,
      label: string,
      confidence: number,
      probabilities: { ...object({}), additionalProperties: number },
    }),
  },
  { name: 'drift', schemaName: 'underfoot.Drift', schema: object({ state: string }) },
];
