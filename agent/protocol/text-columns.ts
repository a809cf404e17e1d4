const blankDelimiter = 32;

/** Where a wanted value stands in a line: a 0-based position or the name in the header line. */
export type ColumnKey = number | string;

/**
 * Knows which field of a line goes where. Wanted columns are numbered by slot; names are looked up in a header line.
 * A delimiter of one blank (32) means runs of spaces and tabs.
 */
export class TextColumns {
  /** Slot of each field of a line, -1 for a field that nobody wants; fields beyond its end are not wanted. */
  slotOfField: Int32Array = new Int32Array(0);
  readonly #keys: readonly ColumnKey[];
  readonly #delimiter: number;

  constructor(keys: readonly ColumnKey[], delimiter: number) {
    this.#keys = keys;
    this.#delimiter = delimiter;
    this.forgetNames();
  }

  get named(): boolean {
    return this.#keys.some((key) => typeof key === 'string');
  }

  get resolved(): boolean {
    return this.slotOfField.length > 0;
  }

  /** Back to the positions alone; without a header, named columns are nowhere. */
  forgetNames(): void {
    this.slotOfField = this.named ? new Int32Array(0) : this.#slots(this.#keys as number[]);
  }

  /** Looks the names up; false, and nothing changed, when one is missing. */
  resolve(names: readonly string[]): boolean {
    const fields = this.#keys.map((key) => (typeof key === 'number' ? key : names.indexOf(key)));
    if (fields.some((field) => field < 0 || field >= names.length)) return false;
    this.slotOfField = this.#slots(fields);
    return true;
  }

  /** The fields of a line as text, trimmed and without the quotes that some exporters put around names. */
  names(bytes: Uint8Array, start: number, end: number): string[] {
    const text = new TextDecoder().decode(bytes.subarray(start, end)).replace(/^\uFEFF/, '');
    const fields =
      this.#delimiter === blankDelimiter
        ? text.trim().split(/[ \t]+/)
        : text.split(String.fromCharCode(this.#delimiter));
    return fields.map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  }

  #slots(fields: readonly number[]): Int32Array {
    const slots = new Int32Array(Math.max(...fields) + 1).fill(-1);
    fields.forEach((field, slot) => {
      slots[field] = slot;
    });
    return slots;
  }
}
