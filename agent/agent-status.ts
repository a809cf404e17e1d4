import type { Live } from './live.ts';
import type { LoadedModel } from './model/load.ts';
import type { Pipeline } from './pipeline.ts';
import type { StatusBody } from './publish/payloads.ts';
import type { RecordingControl } from './recording-control.ts';
import { RefusedFrames } from './refused-frames.ts';
import { type Clocks, systemClocks } from './reporter.ts';
import type { SamplePath } from './signal/sample-path.ts';
import { SignalHealth } from './signal/signal-health.ts';

/** What the status is made of. */
export interface StatusFacts {
  readonly version: string;
  /** For messages about the protocol. */
  readonly configFile: string;
  readonly pipeline: Pipeline;
  readonly live: () => Live;
  readonly model: () => LoadedModel;
  readonly configuredHz: () => number | undefined;
  readonly recording: Pick<RecordingControl, 'trouble'>;
}

/** Without a byte for so long, an open port is silent; so long after opening, nothing is complained about. */
const patienceUs = 3e6;
/** Looks for which a failed or dropped window is still told (one look a second). */
const remembered = 60;

/** Says how the agent is: `online`, or `degraded` with the reasons in words. Looked at about once a second. */
export class AgentStatus {
  readonly #facts: StatusFacts;
  readonly #clocks: Clocks;
  readonly #health = new SignalHealth();
  readonly #refused: RefusedFrames;
  #opened = -1;
  #path: SamplePath | undefined;
  /** Reasons of the device at the last look. */
  #said: string[] = [];
  #openedUs = 0;
  #lostWindows = 0;
  #tellLost = 0;

  constructor(facts: StatusFacts, clocks: Clocks = systemClocks) {
    this.#facts = facts;
    this.#refused = new RefusedFrames(facts.configFile);
    this.#clocks = clocks;
  }

  look(): StatusBody {
    const { version, live, model, recording } = this.#facts;
    const { card, classifier } = model();
    const { kind, name, state } = live();
    const { trouble } = recording;
    const reasons = [...this.#deviceReasons(), ...this.#windowReasons(), ...(trouble ? [trouble] : [])];
    return {
      state: reasons.length === 0 ? 'online' : 'degraded',
      reasons,
      version,
      model: {
        name: card.name,
        version: card.version,
        engine: classifier.engine,
        simulated: card.simulated,
      },
      source: { kind, name, state: state === 'opening' ? 'waiting' : state },
    };
  }

  #deviceReasons(): string[] {
    const { pipeline, model, configuredHz } = this.#facts;
    const live = this.#facts.live();
    if (live.state !== 'open') return [live.reason ?? `${live.name} is being opened`];
    const nowUs = this.#clocks.nowUs();
    const { path } = pipeline.parts;
    if (live.opened !== this.#opened) this.#said = [];
    // Another path (a recording began, another model) knows no rate yet, as after opening: what was said stands.
    if (live.opened !== this.#opened || path !== this.#path) {
      this.#opened = live.opened;
      this.#path = path;
      this.#openedUs = nowUs;
    }
    if (nowUs - this.#openedUs < patienceUs) return this.#said;
    const silent = nowUs - live.heardUs > patienceUs;
    const refused = silent ? undefined : this.#refused.look(pipeline.parts.decoder, path.counts.samples);
    const expected = { configuredHz: configuredHz(), modelHz: model().card.rateHz, silent };
    const health = this.#health.reasons(path, expected, nowUs);
    // Bytes that make no samples: what the decoder refused says why, better than "no samples".
    this.#said = [...(refused ? [refused.reason] : []), ...(refused?.all ? [] : health)];
    return this.#said;
  }

  #windowReasons(): string[] {
    const { pipeline } = this.#facts;
    const lost = pipeline.failedWindows + pipeline.droppedWindows;
    if (lost > this.#lostWindows) this.#tellLost = remembered;
    else this.#tellLost = Math.max(0, this.#tellLost - 1);
    this.#lostWindows = lost;
    return this.#tellLost > 0 ? ['windows were lost: the classifier failed or was too slow'] : [];
  }
}
