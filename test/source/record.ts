import { EventEmitter, once } from 'node:events';
import type { ByteSource, SourceState } from '../../agent/source/source.ts';

/** Starts a source, keeps what it says, and lets a test wait for it. */
export function record(source: ByteSource) {
  const events = new EventEmitter();
  const states: { state: SourceState; reason?: string | undefined }[] = [];
  const arrivalsUs: number[] = [];
  let received = Buffer.alloc(0);
  source.start({
    onBytes(bytes, arrivalUs) {
      received = Buffer.concat([received, bytes]);
      arrivalsUs.push(arrivalUs);
      events.emit('change');
    },
    onState(state, reason) {
      states.push({ state, reason });
      events.emit('change');
    },
  });
  const until = async (condition: () => boolean) => {
    while (!condition()) await once(events, 'change');
  };
  return {
    states,
    arrivalsUs,
    text: () => received.toString('latin1'),
    bytes: () => received,
    forget: () => {
      received = Buffer.alloc(0);
    },
    until,
    /** Waits for the `count`th time that the source is in a state. */
    async reached(state: SourceState, count = 1): Promise<string | undefined> {
      const seen = () => states.filter((s) => s.state === state);
      await until(() => seen().length >= count);
      return seen()[count - 1].reason;
    },
  };
}
