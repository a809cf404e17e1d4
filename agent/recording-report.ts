import type { RecordingBody } from './publish/payloads.ts';
import { type OpenSession, problemOf, startTimeOf } from './recording-session.ts';
import type { RecordingEnd, RecordingState } from './session/recorder.ts';

/** What is said of a session when it has ended, and until the next one begins. */
export type EndedSession = Pick<
  RecordingBody,
  'sessionId' | 'startTime' | 'durationS' | 'samples' | 'bytes' | 'reason'
>;

export const noSession: EndedSession = { sessionId: null, durationS: 0, bytes: 0 };

/** What cannot be recorded at the moment; undefined when all is well. */
export function troubleOf({ trouble, droppedSamples }: RecordingState): string | undefined {
  return trouble && `recording: ${trouble}${droppedSamples > 0 ? `; ${droppedSamples} samples lost` : ''}`;
}

/** As a running session is published. `continues`: the one before it, where they belong together. */
export function runningBody(
  { recorder, clock }: OpenSession,
  freeBytes: number | null,
  continues: string | undefined,
): RecordingBody {
  const { state } = recorder;
  const { sessionId, label, durationS, samples, bytes } = state;
  return {
    state: 'recording',
    sessionId,
    startTime: startTimeOf(clock),
    label,
    durationS,
    samples,
    bytes,
    freeBytes,
    reason: troubleOf(state),
    ...(continues && { continues }),
  };
}

/** `reason`: why it ended, when it was not asked for. */
export function endedSession({ clock }: OpenSession, end: RecordingEnd, reason?: string): EndedSession {
  const { sessionId, durationS, samples, bytes } = end;
  const why = [reason, problemOf(end)].filter((text) => text !== undefined).join('; ');
  return {
    sessionId,
    startTime: startTimeOf(clock),
    durationS,
    samples,
    bytes,
    ...(why !== '' && { reason: why }),
  };
}
