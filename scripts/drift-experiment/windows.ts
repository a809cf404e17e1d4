import { windowsOf } from '../../agent/session/dataset.ts';
import { recordingsIn } from '../../agent/session/recordings.ts';

/** A window of a recording with its true label. */
export interface Sample {
  readonly recording: string;
  readonly truth: number;
  readonly data: Float32Array;
  /** Which window of its recording. */
  readonly index: number;
}

/** Windows of all recordings of a folder `<LABEL>/<recording>.csv`, cut by the agent's own sample path. */
export function samplesIn(
  folder: string,
  channels: readonly string[],
  { rateHz, steps, stride }: { rateHz: number; steps: number; stride: number },
): { labels: string[]; samples: Sample[] } {
  const spec = { channels: channels.map((name) => ({ name, unit: 'A' })), rateHz, steps, stride };
  const all = [...recordingsIn(folder)];
  const labels = [...new Set(all.flatMap((r) => r.spans.map((s) => s.label!)))].sort();
  const samples = all.flatMap((recording) =>
    windowsOf(recording, spec).map(({ data, label }, index) => ({
      recording: recording.id,
      truth: labels.indexOf(label!),
      data,
      index,
    })),
  );
  return { labels, samples };
}

/** Which fold each recording is in: within each label, recordings are dealt out in a seeded order. */
export function foldsOf(samples: readonly Sample[], folds: number, seed: number): Map<string, number> {
  const fold = new Map<string, number>();
  const labels = [...new Set(samples.map((s) => s.truth))];
  for (const label of labels) {
    const ids = [...new Set(samples.filter((s) => s.truth === label).map((s) => s.recording))].sort(
      (a, b) => hash(a, seed) - hash(b, seed),
    );
    ids.forEach((id, i) => {
      fold.set(id, (i + label) % folds);
    });
  }
  // Two halves of one drive: they are never apart.
  if (fold.has('SNOW/pro_13') && fold.has('SNOW/pro_12')) fold.set('SNOW/pro_13', fold.get('SNOW/pro_12')!);
  return fold;
}

/** FNV-1a. */
function hash(text: string, seed: number): number {
  let h = (2166136261 ^ seed) >>> 0;
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0;
  return h;
}
