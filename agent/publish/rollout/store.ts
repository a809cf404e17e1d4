import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const stateSchema = z.object({
  /** Folder names below the store; null is the model of the configuration. */
  active: z.string().nullable(),
  previous: z.string().nullable(),
  /** Starts with a model that has not proved itself yet; null once it has. */
  trial: z.number().int().nullable(),
  /** SHA-256 of the bundle that the model in use came in. */
  bundle: z.string().nullable().default(null),
  /** When the newest announcement that was taken was issued. */
  issued: z.string(),
  /** Announcements up to this time were overruled by a request. */
  overruled: z.string().default(''),
  /** Bundles that were refused, by SHA-256, and why: a retained announcement comes again at each connect. */
  refused: z.record(z.string(), z.string()),
});
type State = z.infer<typeof stateSchema>;

const fresh: State = {
  active: null,
  previous: null,
  trial: null,
  bundle: null,
  issued: '',
  overruled: '',
  refused: {},
};
/** A model that did not live through so many starts is not tried again. */
const maxTrials = 2;
const maxRefused = 50;

/**
 * Models that came over the air, one folder each (`name@version`), and which of them is in use:
 * `state.json` is replaced as a whole, so a power cut leaves the old or the new state.
 */
export class ModelStore {
  readonly folder: string;
  /** The model that `startFolder` gave up, and why. */
  givenUp: { readonly id: string; readonly reason: string } | undefined;
  #state: State;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (name.startsWith('.')) rmSync(join(folder, name), { recursive: true, force: true });
    }
    this.#state = this.#read();
  }

  /** The folder to start with; undefined is the model of the configuration. Call once, at start. */
  startFolder(): string | undefined {
    const { active, previous, trial } = this.#state;
    if (trial !== null && trial >= maxTrials) {
      const reason = `the agent ended ${trial + 1} times during its trial`;
      this.givenUp = active === null ? undefined : { id: active, reason };
      this.rollback(reason);
    } else if (trial !== null) this.#write({ trial: trial + 1 });
    else if (active !== null && !existsSync(this.pathOf(active)))
      this.#write({ active: previous, previous: null });
    const now = this.#state.active;
    return now === null ? undefined : this.pathOf(now);
  }

  /** When the newest announcement that was taken was issued. */
  get issued(): string {
    return this.#state.issued;
  }

  /** Announcements up to this time were overruled by a request. */
  get overruled(): string {
    return this.#state.overruled;
  }

  get active(): string | null {
    return this.#state.active;
  }

  get previous(): string | null {
    return this.#state.previous;
  }

  get onTrial(): boolean {
    return this.#state.trial !== null;
  }

  pathOf(id: string): string {
    return join(this.folder, id);
  }

  has(id: string): boolean {
    return existsSync(join(this.pathOf(id), 'card.json'));
  }

  /** `name@version` of all that are kept. */
  list(): string[] {
    return readdirSync(this.folder).filter((name) => !name.startsWith('.') && this.has(name));
  }

  refusal(sha256: string): string | undefined {
    return this.#state.refused[sha256];
  }

  /** Writes the files of a model; the folder is there as a whole or not at all. */
  add(id: string, files: ReadonlyMap<string, Uint8Array>): string {
    const partial = join(this.folder, `.${id}.partial`);
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial);
    for (const [name, bytes] of files) writeFileSync(join(partial, name), bytes, { flush: true });
    rmSync(this.pathOf(id), { recursive: true, force: true });
    renameSync(partial, this.pathOf(id));
    return this.pathOf(id);
  }

  remove(id: string): void {
    rmSync(this.pathOf(id), { recursive: true, force: true });
  }

  take(issued: string): void {
    this.#write({ issued });
  }

  refuse(sha256: string, reason: string): void {
    const refused = Object.entries({ ...this.#state.refused, [sha256]: reason.slice(0, 300) });
    this.#write({ refused: Object.fromEntries(refused.slice(-maxRefused)) });
  }

  /** `id` is in use from now on, where it came in a bundle on trial until `prove`. Models that are neither this nor the last are removed. */
  activate(id: string | null, trialOf?: { readonly bundle: string }): void {
    if (id === this.#state.active) return;
    const { active: previous } = this.#state;
    this.#write({ active: id, previous, trial: trialOf ? 0 : null, bundle: trialOf?.bundle ?? null });
    for (const other of this.list()) if (other !== id && other !== this.#state.previous) this.remove(other);
  }

  prove(): void {
    this.#write({ trial: null });
  }

  /** Back to the model before. With a reason the bundle of the one in use is at fault and does not come again. */
  rollback(reason?: string): void {
    const { bundle, previous } = this.#state;
    if (reason !== undefined && bundle !== null) this.refuse(bundle, reason);
    this.#write({ active: previous, previous: null, trial: null, bundle: null });
  }

  /** A request decided: the announcements so far, which come again at each connect, do not change it. */
  overrule(): void {
    this.#write({ overruled: this.#state.issued });
  }

  #read(): State {
    try {
      return stateSchema.parse(JSON.parse(readFileSync(join(this.folder, 'state.json'), 'utf8')));
    } catch {
      // None yet, or damaged: the model of the configuration is always a way to go on.
      return { ...fresh };
    }
  }

  #write(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    const file = join(this.folder, '.state.json');
    writeFileSync(file, `${JSON.stringify(this.#state, null, 2)}\n`, { flush: true });
    renameSync(file, join(this.folder, 'state.json'));
  }
}
