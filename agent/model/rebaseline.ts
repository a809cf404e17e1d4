import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FeatureExtractor } from '../drift/features.ts';
import { surfaceLevels } from '../drift/recover/surface-levels.ts';
import { UserError } from '../errors.ts';
import { play, recordingPipeline } from '../evaluate.ts';
import type { Recording } from '../session/recording.ts';
import { describeWindows, hashFiles } from './build-card.ts';
import type { ModelCard } from './card.ts';
import { drivesFrom, type HeldOutWindow } from './held-out-drives.ts';
import type { LoadedModel } from './load.ts';
import { saveCard } from './write-card.ts';

export interface Rebaseline {
  readonly recordings: readonly Recording[];
  readonly calibration?: Parameters<typeof recordingPipeline>[2];
  /** Where the recordings come from, in words. */
  readonly data: string;
  readonly reason: string;
  /** ISO 8601. */
  readonly date: string;
  /** Folder of the result: the model's own, or a new one. */
  readonly folder: string;
}

/** Fewer windows than this are no normal. */
const fewestWindows = 50;
/** The limits of the detectors are set across this many pieces at least. */
const fewestPieces = 5;

/**
 * A card whose reference is what the model sees on these recordings of a robot whose normal has changed. The files of
 * the model, its scores and its self-test stay; the reference before is kept in a file beside it, and date and reason in
 * the card. Throws UserError (65) where there are too few windows, (73) where `folder` holds another model.
 */
export async function rebaseline(model: LoadedModel, to: Rebaseline): Promise<ModelCard> {
  const { card } = model;
  const windows = await judged(model, to);
  if (windows.length < fewestWindows)
    throw new UserError(
      `${to.data}: found ${windows.length} windows, expected at least ${fewestWindows} (${Math.ceil(((fewestWindows - 1) * card.stride + card.steps) / card.rateHz)} s) of the robot as it is now`,
      65,
    );
  const { names } = new FeatureExtractor(
    card.channels.map((c) => c.name),
    card.steps,
  );
  const { reference, decision } = describeWindows({
    about: card,
    decision: card.decision,
    featureNames: names,
    inputRateHz: card.reference.rateHz,
    heldOut: inPieces(windows),
  });
  // What a surface draws is known only where somebody said which it was.
  const known = drivesFrom(
    windows.filter((w) => w.labelled),
    card,
  );
  const { surfaces: _, ...rest } = reference;
  const shape = { ...card, channels: card.channels.length };
  const surfaces = known.length > 0 ? { surfaces: surfaceLevels(known, shape) } : {};
  const { accuracy } = card.reference;
  const folder = copied(model.folder, to.folder);
  const previous = keep(folder, card, to.date);
  const entry = {
    date: to.date,
    reason: to.reason,
    data: to.data,
    recordings: new Set(windows.map((w) => w.recording)).size,
    windows: windows.length,
    previous,
  };
  return saveCard(folder, {
    ...card,
    decision,
    reference: { ...rest, ...surfaces, ...(accuracy && { accuracy }) },
    rebaselined: [...(card.rebaselined ?? []), entry],
    files: hashFiles(folder),
  });
}

interface JudgedWindow extends HeldOutWindow {
  readonly labelled: boolean;
}

/** Every window as the model judges it; one without a label counts for what it was taken for. */
async function judged(model: LoadedModel, to: Rebaseline): Promise<JudgedWindow[]> {
  const windows: JudgedWindow[] = [];
  for (const recording of to.recordings) {
    await play(recordingPipeline(model, recording, to.calibration), recording, ({ prediction, label }) => {
      const { probabilities, features, window } = prediction;
      const known = label === undefined ? -1 : model.card.labels.indexOf(label);
      windows.push({
        recording: recording.id,
        truth: known < 0 ? probabilities.indexOf(Math.max(...probabilities)) : known,
        probabilities,
        features,
        afterGap: window.afterGap,
        data: window.data,
        labelled: known >= 0,
      });
    });
  }
  return windows;
}

/** Cuts few long recordings into pieces, so that each can be compared with the others. */
function inPieces(windows: readonly HeldOutWindow[]): HeldOutWindow[] {
  const ids = [...new Set(windows.map((w) => w.recording))];
  if (ids.length >= fewestPieces) return [...windows];
  const length = Math.ceil(windows.length / fewestPieces);
  return windows.map((w, i) => ({ ...w, recording: `${w.recording} ${Math.floor(i / length)}` }));
}

function copied(from: string, to: string): string {
  if (resolve(from) === resolve(to)) return from;
  if (existsSync(to) && readdirSync(to).length > 0)
    throw new UserError(`${to}: found files there, expected a folder that is empty or not there`, 73);
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
  return to;
}

/** Writes the reference and the thresholds so far into a file of their own. */
function keep(folder: string, { reference, decision }: ModelCard, date: string) {
  const file = `reference-until-${date.replaceAll(':', '-')}.json`;
  const text = `${JSON.stringify({ reference, decision })}\n`;
  writeFileSync(join(folder, file), text);
  return { file, sha256: createHash('sha256').update(text).digest('hex') };
}
