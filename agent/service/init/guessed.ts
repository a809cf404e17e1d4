/** A place of a frame that holds a number: a column, a label or a path. */
export interface Field {
  key: number | string;
  min: number;
  max: number;
}

/** What a device seems to send. */
export interface Guess {
  /** Protocol and its settings without the channels, as they stand in a configuration. */
  protocol: { name: 'text' | 'plotter' | 'json' | 'underfoot' } & Record<string, unknown>;
  /** Fields that may be a motor's current, in the device's order. */
  fields: Field[];
  framesPerS: number;
  /** Share of the bytes that became readings, 0 to 1: below 0.9 the baud rate or the guess is wrong. */
  share: number;
}

export function widen(field: Field, value: number): void {
  field.min = Math.min(field.min, value);
  field.max = Math.max(field.max, value);
}
