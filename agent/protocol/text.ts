import { LineDecoder } from './line-decoder.ts';
import { numberNotFinite, numberOk, parseNumber } from './parse-number.ts';
import { TextColumns } from './text-columns.ts';
import { type TextSpec, textKeys } from './text-spec.ts';

/** Lines in a row with another number of fields after which the device is believed to have changed its format. */
const relearnAfter = 8;

/**
 * Delimited text, one reading a line. Refuses and counts lines with the wrong number of fields (`columns`), a field that
 * is no number (`number`), NaN or infinity (`nan`), longer than allowed (`overlong`), `blank`, `header`, before the first
 * line end of a device that was already talking (`start`). Allocates nothing for a line that it accepts.
 */
export class DelimitedTextDecoder extends LineDecoder {
  readonly #columns: TextColumns;
  readonly #parsed: Float64Array;
  readonly #channels: number;
  readonly #delimiter: number;
  readonly #decimal: number;
  readonly #timeSlot: number;
  readonly #sequenceSlot: number;
  readonly #fixedFields: number;
  readonly #hasHeader: boolean;
  readonly #firstIsHeader: boolean;
  #firstLine = true;
  #headerWasPartial = false;
  /** Fields that a line must have; 0 while not known. */
  #fields: number;
  #otherFields = 0;
  /** Fields of the last line that was refused for their number; 0 before one was. */
  #refusedFields = 0;
  #otherRun = 0;

  constructor(spec: TextSpec, midStream = true) {
    const lineEnd = spec.lineEnd === 'cr' ? 13 : 10;
    super(spec.columns.length, { lineEnd, maxLength: spec.maxLineBytes, midStream });
    const keys = textKeys(spec);
    this.#delimiter = spec.delimiter.charCodeAt(0);
    this.#decimal = spec.decimal.charCodeAt(0);
    this.#columns = new TextColumns(keys, this.#delimiter);
    this.#channels = spec.columns.length;
    this.#timeSlot = spec.time ? this.#channels : -1;
    this.#sequenceSlot = spec.sequence ? keys.length - 1 : -1;
    this.#parsed = new Float64Array(keys.length);
    if (Array.isArray(spec.header)) this.#columns.resolve(spec.header);
    this.#hasHeader = spec.header === true;
    this.#firstIsHeader = this.#hasHeader && !midStream;
    this.#fixedFields = spec.fields ?? (Array.isArray(spec.header) ? spec.header.length : 0);
    this.#fields = this.#fixedFields;
  }

  explain(): string | undefined {
    if (this.#refusedFields === 0) return undefined;
    const wanted = this.#columns.slotOfField.length;
    const expected = this.#fields > 0 ? `${this.#fields}` : `at least ${wanted}`;
    const found = `${this.#refusedFields} column${this.#refusedFields === 1 ? '' : 's'}`;
    return `found ${found} in a line, expected ${expected}`;
  }

  override reset(): void {
    super.reset();
    this.#otherRun = 0;
  }

  protected refuse(): string {
    const reason = this.#refuse();
    if (reason !== '') return reason;
    const { reading } = this;
    const parsed = this.#parsed;
    for (let i = 0; i < this.#channels; i++) reading.values[i] = parsed[i];
    if (this.#timeSlot >= 0) reading.deviceTicks = parsed[this.#timeSlot];
    if (this.#sequenceSlot >= 0) reading.sequence = parsed[this.#sequenceSlot];
    return '';
  }

  /** Why the present line gives no reading; '' when it does and its numbers are in `#parsed`. */
  #refuse(): string {
    const { bytes, start, end, partial } = this.lines;
    const first = this.#firstLine;
    this.#firstLine = false;
    if (partial || (first && this.#firstIsHeader)) {
      if (this.#hasHeader && this.#takeHeader(partial)) return 'header';
      if (partial) return 'start';
    }
    if (start === end) return 'blank';
    if (!this.#columns.resolved) return this.#takeHeader(false) ? 'header' : 'unnamed';
    const reason = this.#parse(bytes, start, end);
    const mayBeHeader = this.#hasHeader && (reason === 'number' || reason === 'columns');
    if (mayBeHeader && this.#takeHeader(false)) return 'header';
    return reason;
  }

  /** One pass over the fields; hot. */
  #parse(bytes: Uint8Array, start: number, end: number): string {
    const delimiter = this.#delimiter;
    const blanks = delimiter === 32;
    const slots = this.#columns.slotOfField;
    const wanted = slots.length;
    let bad = numberOk;
    let field = 0;
    let at = start;
    let stop = end;
    if (blanks) while (stop > at && (bytes[stop - 1] === 32 || bytes[stop - 1] === 9)) stop--;
    for (;;) {
      if (blanks) while (at < stop && (bytes[at] === 32 || bytes[at] === 9)) at++;
      const from = at;
      if (blanks) while (at < stop && bytes[at] !== 32 && bytes[at] !== 9) at++;
      else while (at < stop && bytes[at] !== delimiter) at++;
      if (field < wanted && slots[field] >= 0) {
        const status = parseNumber(bytes, from, at, this.#decimal, this.#parsed, slots[field]);
        if (status > bad) bad = status;
      }
      field++;
      if (at >= stop) break;
      at++;
    }
    if (field !== this.#fields && !this.#accepts(field, wanted, bad)) {
      this.#refusedFields = field;
      return 'columns';
    }
    this.#refusedFields = 0;
    this.#otherRun = 0;
    return bad === numberOk ? '' : bad === numberNotFinite ? 'nan' : 'number';
  }

  /** Learns the number of fields: from the first good line, and again when the device keeps to another number. */
  #accepts(fields: number, wanted: number, bad: number): boolean {
    if (this.#fixedFields > 0 || fields < wanted) return false;
    if (this.#columns.named && this.#fields > 0) {
      if (this.#headerWasPartial) this.#forgetHeader();
      return false;
    }
    if (bad !== numberOk) return this.#fields === 0;
    if (this.#fields > 0) {
      this.#otherRun = fields === this.#otherFields ? this.#otherRun + 1 : 1;
      this.#otherFields = fields;
      if (this.#otherRun < relearnAfter) return false;
    }
    this.#fields = fields;
    return true;
  }

  /** A header that had lost its beginning named the wrong positions. */
  #forgetHeader(): void {
    this.#columns.forgetNames();
    this.#fields = 0;
  }

  /** Takes the present line as a header if it can be one. */
  #takeHeader(partial: boolean): boolean {
    const names = this.#columns.names(this.lines.bytes, this.lines.start, this.lines.end);
    if (this.#columns.named) {
      if (!this.#columns.resolve(names)) return false;
    } else if (partial || names.some((name) => name !== '' && Number.isFinite(Number(name)))) return false;
    this.#headerWasPartial = partial;
    if (this.#fixedFields === 0) this.#fields = names.length;
    return true;
  }
}
