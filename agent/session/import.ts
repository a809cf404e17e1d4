import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Recording } from './recording.ts';
import { sessionMetadata } from './session-input.ts';
import type { SessionContent } from './write-session.ts';

/** A CSV recording as a session. Its clock is the recording's own; without arrival times, those are taken for them. */
export function importRecording(
  recording: Recording,
  about: {
    readonly robotId: string;
    readonly version: string;
    readonly startWallMs?: number;
    readonly note?: string;
  },
): SessionContent {
  const startUs = recording.timeUs[0];
  const metadata = sessionMetadata({ robotId: about.robotId, timeBase: recording.timeBase }, about);
  const sha256 = createHash('sha256').update(readFileSync(recording.file)).digest('hex');
  return {
    id: recording.id.replaceAll('/', '_'),
    recording,
    arrivalUs: recording.timeUs,
    startUs,
    // A CSV file does not say when it was recorded; when it was written is the nearest that is known.
    startWallMs: about.startWallMs ?? Math.floor(statSync(recording.file).mtimeMs),
    labels: recording.spans.map(({ label = null, from }) => ({ label, atUs: recording.timeUs[from] })),
    events: [],
    predictions: [],
    metadata: { ...metadata, imported: { file: recording.file, sha256 } },
  };
}
