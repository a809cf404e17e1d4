import { basename } from 'node:path';
import type { Decoder } from './protocol/decoder.ts';

/** What a decoder's reasons mean; one that is not here is said as it is. */
const words: Readonly<Record<string, string>> = {
  columns: 'another number of columns or a missing one',
  number: 'a field that is no number',
  nan: 'NaN or infinity',
  json: 'no JSON',
  crc: 'a wrong check sum',
  checksum: 'a wrong check sum',
  cobs: 'a frame that is no COBS',
  length: 'a frame of another length',
  version: 'a frame of another version',
  overlong: 'no end of a line or frame where one must be',
  overflow: 'more bytes than could be read in time',
  unnamed: 'values before the names of the columns',
};
/**
 * Of these some are no fault: where a stream begins, lines that carry no reading on purpose, requests that an adapter
 * hears itself, and answers that came too late.
 */
const harmless = new Set([
  ...['start', 'header', 'labels', 'blank', 'reset'],
  ...['echo', 'unasked', 'timeout'],
]);

/** Share of lines or frames that may be refused within the memory before it is said, and the fewest that count. */
const manyShare = 0.05;
const fewest = 10;
/** Looks that are remembered: a minute at one a second. */
const maxLooks = 60;

interface Look {
  readonly decoder: Decoder;
  readonly frames: number;
  readonly samples: number;
}

/** Says why lines or frames of the device are refused: at all, or too many within a minute. One look a second; bounded. */
export class RefusedFrames {
  readonly #configFile: string;
  #looks: Look[] = [];
  /** Samples at the last look, and when this decoder took the place of another one. */
  #samplesSeen = 0;
  #samplesBefore = 0;
  /** The words for what is refused most: kept while that is the same, so that a status is not said with every line. */
  #said: { readonly decoder: Decoder; readonly reason: string; readonly words: string } | undefined;

  constructor(configFile: string) {
    this.#configFile = basename(configFile);
  }

  /** `samples`: readings since the start. `all`: this decoder has read nothing at all. Undefined where all is well. */
  look(decoder: Decoder, samples: number): { readonly reason: string; readonly all: boolean } | undefined {
    if (this.#looks.at(-1)?.decoder !== decoder) {
      this.#looks = [];
      this.#samplesBefore = this.#samplesSeen;
    }
    this.#samplesSeen = samples;
    const frames = faultsOf(decoder).reduce((sum, [, n]) => sum + n, 0);
    this.#looks.push({ decoder, frames, samples });
    if (this.#looks.length > maxLooks) this.#looks.shift();
    const why = this.#why(decoder);
    if (samples === this.#samplesBefore) {
      const reason = `no line or frame could be read: ${why}; are protocol and baud rate right?`;
      return { reason, all: true };
    }
    const refused = frames - this.#looks[0].frames;
    const share = refused / Math.max(1, refused + samples - this.#looks[0].samples);
    if (refused < fewest || share <= manyShare) return undefined;
    const much = `more than ${100 * manyShare} % of the lines or frames within a minute could not be read`;
    return { reason: `${much}: ${why}; are wiring and baud rate right?`, all: false };
  }

  /** `robot.yaml: protocol: found 2 columns in a line, expected 3` */
  #why(decoder: Decoder): string {
    const [[reason] = ['']] = faultsOf(decoder).sort((a, b) => b[1] - a[1]);
    if (this.#said?.decoder !== decoder || this.#said.reason !== reason) {
      const plain = reason === '' ? 'no line or frame' : (words[reason] ?? reason);
      this.#said = { decoder, reason, words: decoder.explain?.() ?? `found ${plain}` };
    }
    return `${this.#configFile}: protocol: ${this.#said.words}`;
  }
}

function faultsOf({ discarded }: Decoder): [string, number][] {
  return Object.entries(discarded.frames).filter(([reason]) => !harmless.has(reason));
}
