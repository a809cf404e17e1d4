import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { McapBytes, type McapMessage } from './mcap-writer.ts';
import type { Group, GroupQueue } from './message-queue.ts';
import { type OpenDisk, PartFile } from './part-file.ts';
import { topicsOf } from './topics.ts';

/** What happens around the files of a session. */
export interface PartHooks {
  /** Metadata records for the head of part `number`, from 1. */
  head(number: number): Record<string, Record<string, string>>;
  /** Messages that every part must begin with: the labels so far. */
  opening(): McapMessage[];
  /** Metadata record for the end of a part that holds so many samples. */
  tail(samples: number): Record<string, string>;
  /** Called before a part is opened and when the disk is full; may delete old files or throw to refuse. */
  makeSpace(): Promise<void>;
}

export interface PartWriterOptions {
  readonly folder: string;
  readonly sessionId: string;
  readonly channels: readonly string[];
  readonly library: string;
  readonly maxPartBytes: number;
  readonly maxPartUs: number;
  readonly openDisk?: OpenDisk;
  readonly nowUs: () => number;
}

/** After an error the next try waits this long. */
const RETRY_US = 1_000_000;
/** A file that refuses this often is left as it is (`.partial`), and a new one is begun: its disk may have come back. */
const TRIES_PER_FILE = 5;

/**
 * Takes groups from the queue and puts them on the disk, one after the other, in files of bounded size and age.
 * A failing disk is tried again and again; meanwhile the queue fills, and nobody waits.
 */
export class PartWriter {
  /** What the disk said last, until it works again. */
  trouble: string | undefined;
  /** Totals over all files of the session. */
  bytes = 0;
  writes = 0;
  syncs = 0;
  readonly files: string[] = [];
  readonly #queue: GroupQueue;
  readonly #hooks: PartHooks;
  readonly #options: PartWriterOptions;
  #part: { file: PartFile; mcap: McapBytes; openedUs: number; groups: number; samples: number } | undefined;
  /** The head or chunk that was made and is not on the disk yet. */
  #piece: { bytes: Uint8Array; group?: Group } | undefined;
  #parts = 0;
  /** Files that were left as `.partial`. */
  #unclosed = 0;
  #failures = 0;
  #retryUs = 0;
  #working: Promise<void> | undefined;

  constructor(queue: GroupQueue, hooks: PartHooks, options: PartWriterOptions) {
    this.#queue = queue;
    this.#hooks = hooks;
    this.#options = options;
  }

  /** Works the queue off in the background, unless it is being done or a failed disk has to be waited for. */
  pump(): void {
    if (this.#options.nowUs() < this.#retryUs) return;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Opens the first file now, so that a folder that cannot be written is refused at the start. Throws. */
  async open(): Promise<void> {
    await this.#openPart();
    await this.#put();
  }

  /** Writes what is left and closes the file. False where the disk refused and a file of the session stays `.partial`. */
  async close(): Promise<boolean> {
    await this.#working;
    this.#retryUs = 0;
    await this.#work();
    if (this.trouble === undefined) await this.#try(() => this.#closePart());
    await this.#abandonPart();
    return this.trouble === undefined && this.#unclosed === 0;
  }

  async #work(): Promise<void> {
    await this.#try(async () => {
      while (this.#queue.length > 0 || this.#piece !== undefined) {
        if (this.#part !== undefined && this.#piece === undefined && this.#isFull()) await this.#closePart();
        if (this.#part === undefined) await this.#openPart();
        await this.#put();
      }
    });
  }

  async #put(): Promise<void> {
    const part = this.#part!;
    if (this.#piece === undefined) {
      const group = this.#queue.peek();
      if (group === undefined) return;
      this.#piece = { bytes: part.mcap.chunk(group.messages), group };
    }
    const { writes, syncs } = part.file;
    await part.file.append(this.#piece.bytes);
    this.bytes += this.#piece.bytes.byteLength;
    this.writes += part.file.writes - writes;
    this.syncs += part.file.syncs - syncs;
    if (this.#piece.group !== undefined) {
      this.#queue.shift();
      part.groups += 1;
      part.samples += this.#piece.group.samples;
    }
    this.#piece = undefined;
    this.#failures = 0;
    this.trouble = undefined;
  }

  #isFull(): boolean {
    const { file, openedUs, groups } = this.#part!;
    // A file that holds only its head is never full, however small the limit.
    if (groups === 0) return false;
    const ageUs = this.#options.nowUs() - openedUs;
    return file.bytes >= this.#options.maxPartBytes || ageUs >= this.#options.maxPartUs;
  }

  async #openPart(): Promise<void> {
    await this.#hooks.makeSpace();
    const number = ++this.#parts;
    const name = `${this.#options.sessionId}-${String(number).padStart(4, '0')}.mcap`;
    const file = await PartFile.create(join(this.#options.folder, name), this.#options.openDisk);
    this.files.push(file.path);
    const mcap = new McapBytes(topicsOf(this.#options.channels));
    const head = [mcap.start(this.#options.library)];
    for (const [key, entries] of Object.entries(this.#hooks.head(number)))
      head.push(mcap.metadata(key, entries));
    head.push(mcap.chunk(this.#hooks.opening()));
    this.syncs += file.syncs;
    this.#part = { file, mcap, openedUs: this.#options.nowUs(), groups: 0, samples: 0 };
    this.#piece = { bytes: Buffer.concat(head) };
  }

  async #closePart(): Promise<void> {
    if (this.#part === undefined) return;
    const { file, mcap, samples } = this.#part;
    const end = Buffer.concat([mcap.metadata('summary', this.#hooks.tail(samples)), mcap.end()]);
    const { writes, syncs } = file;
    try {
      await file.append(end);
      await file.finish();
    } catch (error) {
      // Its index cannot be made twice: it is left for `sessions recover`, which makes a new one.
      await file.abandon();
      this.#unclosed += 1;
      throw error;
    } finally {
      this.#part = undefined;
      this.writes += file.writes - writes;
      this.syncs += file.syncs - syncs;
    }
    this.bytes += end.byteLength;
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.trouble = reasonOf(error as NodeJS.ErrnoException);
      this.#failures += 1;
      this.#retryUs = this.#options.nowUs() + RETRY_US;
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
        await this.#hooks.makeSpace().catch(() => undefined);
      if (this.#failures % TRIES_PER_FILE === 0) await this.#giveUpPart();
    }
  }

  /** The group that could not be written stays first in the queue, for the next file. */
  async #giveUpPart(): Promise<void> {
    await this.#abandonPart();
    this.#piece = undefined;
  }

  async #abandonPart(): Promise<void> {
    if (this.#part === undefined) return;
    const { file } = this.#part;
    this.#part = undefined;
    await file.abandon();
    if (file.bytes === 0) this.files.splice(this.files.indexOf(file.path), 1);
    else this.#unclosed += 1;
  }
}

/** What the file system refuses becomes a UserError (74); any other error stays as it is. */
export function refused(path: string, error: unknown): Error {
  if (error instanceof UserError || (error as NodeJS.ErrnoException).code === undefined)
    return error as Error;
  return new UserError(`${path}: cannot be written: ${reasonOf(error as NodeJS.ErrnoException)}`, 74);
}

/** For people: what an error of the file system means. */
function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return 'no space left where sessions are kept';
  if (error.code === 'EROFS') return 'the file system is read-only';
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return 'no permission to write where sessions are kept';
  return error.message;
}
