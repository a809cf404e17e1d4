import type { Config } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { Live } from '../live.ts';
import { createProtocol } from '../protocol/registry.ts';
import type { Recording } from '../session/recording.ts';
import type { Reading } from '../signal/sample.ts';
import { DriveCollector } from './drive-collector.ts';
import { type RawChannel, RawCollector } from './raw-collector.ts';

/** How long a device may be silent before the person at the keyboard is told so. */
const patienceMs = 20_000;

/** Reads raw numbers from a robot's configured source: uncalibrated, as the device sends them. */
export class RawSampler {
  readonly #live: Live;
  #collect: ((reading: Reading, arrivalUs: number) => void) | undefined;
  /** Why nothing comes, in the source's words. */
  #trouble = 'no reading came';

  constructor(config: Pick<Config, 'source' | 'protocol'>) {
    const protocol = createProtocol(config.protocol, { midStream: true });
    const { decoder } = protocol;
    this.#live = new Live(config, protocol);
    void this.#live.start({
      onBytes: (bytes, arrivalUs) => {
        decoder.append(bytes);
        for (let reading = decoder.next(); reading; reading = decoder.next()) {
          this.#collect?.(reading, arrivalUs);
        }
      },
      onOpen: () => decoder.reset(),
      onState: (_state, reason) => {
        if (reason !== undefined) this.#trouble = reason;
      },
    });
  }

  get channels(): readonly string[] {
    return this.#live.protocol.channels;
  }

  /**
   * Statistics of the readings of the next `seconds`, counted from the first one. Throws UserError (69) where none comes
   * for `silenceMs`.
   */
  async collect(seconds: number, silenceMs = patienceMs): Promise<RawChannel[]> {
    const collector = new RawCollector(this.channels, seconds);
    await this.#until((reading, arrivalUs) => collector.push(reading, arrivalUs), silenceMs);
    return collector.channels;
  }

  /** The readings themselves, as a recording on one surface; otherwise as `collect`. */
  async record(seconds: number, label: string, silenceMs = patienceMs): Promise<Recording> {
    const collector = new DriveCollector(this.#live.protocol, seconds);
    await this.#until((reading, arrivalUs) => collector.push(reading, arrivalUs), silenceMs);
    return collector.recording(this.#live.name, label);
  }

  /** Resolves when `push` says that it is done. */
  #until(push: (reading: Reading, arrivalUs: number) => boolean, silenceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const silence = setTimeout(() => {
        this.#collect = undefined;
        reject(new UserError(`no reading within ${silenceMs / 1000} s: ${this.#trouble}`, 69));
      }, silenceMs);
      this.#collect = (reading, arrivalUs) => {
        silence.refresh();
        if (!push(reading, arrivalUs)) return;
        clearTimeout(silence);
        this.#collect = undefined;
        resolve();
      };
    });
  }

  close(): Promise<void> {
    return this.#live.close();
  }
}
