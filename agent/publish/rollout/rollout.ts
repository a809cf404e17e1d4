import type { KeyObject } from 'node:crypto';
import { UserError } from '../../errors.ts';
import type { ModelCard } from '../../model/card.ts';
import type { LoadedModel } from '../../model/load.ts';
import type { CommandRequest, CommandResult } from '../command-payloads.ts';
import type { Log } from '../connection.ts';
import type { ModelReportBody } from '../payloads.ts';
import type { Incoming } from '../publisher.ts';
import type { Topics } from '../topics.ts';
import { type Announcement, isInShare, isSigned, parseAnnouncement } from './announcement.ts';
import { fetchBundle, unpackBundle } from './bundle.ts';
import { type ModelHost, runShadow, runTrial } from './live-run.ts';
import { misfit, Refusal } from './refusal.ts';
import { retry } from './retry.ts';
import { type Tally, trialMargin, worse } from './shadow.ts';
import type { ModelStore } from './store.ts';

export interface RolloutPort {
  readonly topics: Topics;
  subscribe(filter: string, onMessage: (message: Incoming) => void): void;
  publishModel(body: ModelReportBody): void;
}

export interface RolloutOptions {
  readonly robotId: string;
  readonly publicKeys: readonly KeyObject[];
  readonly allowUnsigned: boolean;
  /** Live windows of the shadow run, and of the trial after the switch. */
  readonly shadowWindows: number;
  /** First pause before a download is tried again. */
  readonly retryMs?: number;
  readonly log: Log;
}

const idOf = ({ name, version }: { name: string; version: string }) => `${name}@${version}`;

/**
 * Brings announced models into use:
 *
 *   announcement -> signature, share, fit -> download, SHA-256 -> card, self-test -> shadow run on live windows
 *     -> switch between two windows -> trial -> proved, or back to the model before
 *
 * Every step that fails leaves the model in use as it was and says why on the `model` topic.
 */
export class Rollout {
  readonly #host: ModelHost;
  readonly #store: ModelStore;
  readonly #port: RolloutPort;
  readonly #options: RolloutOptions;
  #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();
  /** Bundle that is being worked on: a retained announcement comes again at each connect. */
  #underWay: string | undefined;

  constructor(host: ModelHost, store: ModelStore, port: RolloutPort, options: RolloutOptions) {
    this.#host = host;
    this.#store = store;
    this.#port = port;
    this.#options = options;
  }

  start(): void {
    const { givenUp } = this.#store;
    if (givenUp) this.#report('rolled-back', givenUp.id, givenUp.reason);
    if (this.#store.onTrial) this.#next((signal) => this.#trial(undefined, undefined, signal));
    for (const topic of [this.#port.topics.fleetModel, this.#port.topics.robotModel]) {
      this.#port.subscribe(topic, ({ payload }) => this.announce(payload));
    }
  }

  /** Resolves when nothing is being worked on. */
  idle(): Promise<void> {
    return this.#work;
  }

  /** Ends what is under way; the model in use stays. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'));
    await this.#work;
  }

  announce(payload: Buffer): void {
    if (payload.length === 0) return;
    const announcement = parseAnnouncement(payload);
    if (announcement !== undefined && announcement.sha256 === this.#underWay) return;
    if (announcement === undefined) {
      this.#report('rejected', null, 'the announcement is not as docs/topics.md says');
      return;
    }
    const id = idOf(announcement);
    const isOlder = announcement.issued < this.#store.issued;
    const refusal = isOlder
      ? `older than the last one, of ${this.#store.issued}`
      : this.#refusal(announcement);
    if (refusal !== undefined) this.#report('rejected', id, refusal);
    else if (id === idOf(this.#host.active().card)) {
      this.#report('active', id, this.#store.onTrial ? 'still on trial' : undefined);
    } else if (announcement.issued <= this.#store.overruled) {
      this.#report('rejected', id, 'a request chose another model after it was announced');
    } else if (!isInShare(this.#options.robotId, announcement)) {
      this.#report('waiting', id, `not among the first ${announcement.share * 100} % of robots`);
    } else {
      this.#next((signal) => this.#roll(announcement, id, signal));
      this.#underWay = announcement.sha256;
    }
  }

  list(): CommandResult<'model'> {
    const active = idOf(this.#host.active().card);
    const models = this.#catalogue().map(({ card: { name, version, labels, simulated } }) => {
      return { name, version, labels, simulated, active: idOf({ name, version }) === active };
    });
    return { active, models };
  }

  /** Answers a request; what is under way is given up for it. */
  async command(request: CommandRequest<'model'>): Promise<CommandResult<'model'>> {
    if (request.action === 'list') return this.list();
    const { active, previous } = this.#store;
    const wanted = request.action === 'rollback' ? previous : this.#find(request);
    if (request.action === 'rollback' && active === null)
      throw new UserError('there is no model to go back to', 69);
    await new Promise<void>((resolve, reject) => {
      this.#next(async () => {
        try {
          const model = await this.#load(this.#folderOf(wanted));
          await (await this.#host.activate(model)).classifier.close();
          if (request.action === 'rollback') this.#store.rollback();
          else this.#store.activate(wanted);
          this.#store.overrule();
          this.#report('active', idOf(model.card), `on request (${request.action})`);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    return this.list();
  }

  /** Why it must not even be downloaded. */
  #refusal(announcement: Announcement): string | undefined {
    const { publicKeys, allowUnsigned } = this.#options;
    if (!isSigned(announcement, publicKeys) && (announcement.signature !== undefined || !allowUnsigned)) {
      return announcement.signature === undefined
        ? 'not signed'
        : 'not signed by a key that this robot trusts';
    }
    return misfit(announcement.card, this.#host.active().card) ?? this.#store.refusal(announcement.sha256);
  }

  async #roll(announcement: Announcement, id: string, signal: AbortSignal): Promise<void> {
    let candidate: LoadedModel | undefined;
    try {
      this.#store.take(announcement.issued);
      this.#report('downloading', id);
      const bytes = await retry(() => fetchBundle(announcement, signal), signal, this.#options.retryMs);
      this.#report('verifying', id);
      candidate = await this.#verify(announcement, id, bytes);
      this.#report('shadow', id);
      const { shadowWindows } = this.#options;
      const shadow = await runShadow(this.#host, candidate, shadowWindows, signal);
      const { stride, rateHz } = candidate.card;
      const objection = shadow.objection((stride / rateHz) * 1000);
      if (objection !== undefined) throw new Refusal(objection, shadow.report());
      const former = await this.#host.activate(candidate);
      candidate = undefined;
      this.#store.activate(id, { bundle: announcement.sha256 });
      this.#report('active', id, `on trial for ${shadowWindows} windows`, shadow.report());
      await this.#trial(former, shadow.active, signal);
    } catch (error) {
      await candidate?.classifier.close();
      if (signal.aborted) return;
      if (error instanceof Refusal) this.#store.refuse(announcement.sha256, error.message);
      if (id !== this.#store.active && id !== this.#store.previous) this.#store.remove(id);
      this.#report(
        'rejected',
        id,
        (error as Error).message,
        error instanceof Refusal ? error.shadow : undefined,
      );
    }
  }

  async #verify(announcement: Announcement, id: string, bytes: Buffer): Promise<LoadedModel> {
    try {
      const folder = this.#store.add(id, unpackBundle(bytes, announcement.url));
      const model = await this.#host.load(folder);
      const { name, version } = model.card;
      const problem =
        idOf({ name, version }) !== id
          ? `the card says ${name}@${version}`
          : misfit(model.card, this.#host.active().card);
      if (problem === undefined) return model;
      await model.classifier.close();
      throw new Refusal(problem);
    } catch (error) {
      throw error instanceof UserError ? new Refusal(error.message) : error;
    }
  }

  /** Watches the new model for a while; goes back where it fails or is worse. `former` stays open until then. */
  async #trial(
    former: LoadedModel | undefined,
    before: Tally | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const id = idOf(this.#host.active().card);
    try {
      const tally = await runTrial(this.#host, this.#options.shadowWindows, signal);
      const failed = tally.failures > 0 ? `failed after ${tally.windows} windows` : undefined;
      const reason = failed ?? (before && worse(tally, before, trialMargin));
      if (reason === undefined) {
        this.#store.prove();
        this.#report('active', id);
        return;
      }
      const back = former ?? (await this.#host.load(this.#folderOf(this.#store.previous)));
      former = await this.#host.activate(back);
      this.#store.rollback(reason);
      this.#report('rolled-back', id, reason);
    } finally {
      await former?.classifier.close();
    }
  }

  async #load(folder: string): Promise<LoadedModel> {
    const model = await this.#host.load(folder);
    const problem = misfit(model.card, this.#host.active().card);
    if (problem === undefined) return model;
    await model.classifier.close();
    throw new UserError(problem, 69);
  }

  /** Models at hand; the id of the configuration's model is null. */
  #catalogue(): { id: string | null; card: ModelCard }[] {
    return [null, ...this.#store.list()].flatMap((id) => {
      try {
        return [{ id, card: this.#host.card(this.#folderOf(id)) }];
      } catch {
        return []; // A damaged folder is no model.
      }
    });
  }

  #folderOf(id: string | null): string {
    return id === null ? this.#host.configuredFolder : this.#store.pathOf(id);
  }

  #find({ name, version }: CommandRequest<'model'>): string | null {
    const found = this.#catalogue().findLast(
      ({ card }) => card.name === name && (version === undefined || card.version === version),
    );
    if (found !== undefined) return found.id;
    throw new UserError(
      `found no model ${name}${version ? `@${version}` : ''}, expected one of the list`,
      69,
    );
  }

  /** Gives up what is under way, then does `work`. */
  #next(work: (signal: AbortSignal) => Promise<void>): void {
    this.#abort.abort(new Error('superseded'));
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#underWay = undefined;
    this.#work = this.#work.then(async () => {
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted) this.#options.log.warn(`model: ${(error as Error).stack}`);
      }
      if (this.#abort.signal === signal) this.#underWay = undefined;
    });
  }

  #report(
    state: ModelReportBody['state'],
    model: string | null,
    reason?: string,
    shadow?: ModelReportBody['shadow'],
  ) {
    const active = idOf(this.#host.active().card);
    this.#options.log.info(`model ${model ?? '?'}: ${state}${reason === undefined ? '' : `: ${reason}`}`);
    this.#port.publishModel({ state, model, active, reason, shadow });
  }
}
