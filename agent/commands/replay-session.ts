import { existsSync } from 'node:fs';
import { type Comparison, comparePredictions } from '../compare.ts';
import { loadCalibration } from '../config/calibration-file.ts';
import { DataError, UserError } from '../errors.ts';
import { modelFolder } from '../model/card-file.ts';
import { type Engine, type LoadedModel, loadModel } from '../model/load.ts';
import { isModelOf, type Reproduction, replaySession, reproduce } from '../reproduce.ts';
import { findSession } from '../session/session-list.ts';
import { type LoadedSession, loadSession } from '../session/session-recording.ts';
import type { PredictionMessage } from '../session/topics.ts';
import { type FolderArguments, filesOf, folderOf, table } from './sessions-options.ts';

interface Arguments extends FolderArguments {
  file: string;
  model?: string;
  calibration?: string;
  compare?: string;
  engine: Engine;
  json: boolean;
}

/** A session file, or a name that is no file or folder and so must be an id. */
export function namesSession(name: string): boolean {
  return (
    name.endsWith('.mcap') ||
    name.endsWith('.partial') ||
    (!existsSync(name) && /^[A-Za-z0-9_-]+$/.test(name))
  );
}

/**
 * Replays a session with the model that made its predictions, or another, and says how many of the recorded
 * predictions came out the very same. Exit 1 where the same model gave others.
 */
export async function replayRecorded(argv: Arguments): Promise<void> {
  const session = open(await findSession(argv.file, folderOf(argv)).then(filesOf), argv.calibration);
  const replayed = await predict(session, argv.model ?? recordedModel(session), argv.engine);
  const { predictions, model } = replayed;
  const result = reproduce(session, predictions);
  const same = isModelOf(session, model);
  const comparison = argv.compare === undefined ? undefined : await compare(argv, session, predictions);
  if (argv.json) console.log(JSON.stringify(report(session, model, same, result, comparison), null, 2));
  else print(session, model, same, result, comparison);
  if (same && (result.different.length > 0 || result.missing.length > 0)) process.exitCode = 1;
}

function open(files: readonly string[], calibration: string | undefined): LoadedSession {
  const session = loadSession(files);
  if (calibration === undefined) return session;
  return { ...session, recording: { ...session.recording, calibration: loadCalibration(calibration) } };
}

function recordedModel({ recording, model }: LoadedSession): string {
  if (model !== undefined) return model.name;
  throw new UserError(`${recording.id}: found no model in the session, expected --model`, 64);
}

async function predict(session: LoadedSession, name: string, engine: Engine) {
  const model = await loadModel(modelFolder(name), engine);
  try {
    return { model, predictions: await replaySession(session, model) };
  } finally {
    await model.classifier.close();
  }
}

async function compare(
  argv: Arguments,
  session: LoadedSession,
  before: readonly PredictionMessage[],
): Promise<Comparison> {
  const { predictions } = await predict(session, argv.compare as string, argv.engine);
  const comparison = comparePredictions(session.recording, before, predictions);
  if (comparison.windows > 0) return comparison;
  throw new DataError({
    file: session.recording.file,
    found: 'no window that both models judge',
    expected: 'one',
  });
}

function report(
  { recording, events }: LoadedSession,
  { card, classifier }: LoadedModel,
  sameModel: boolean,
  result: Reproduction,
  comparison: Comparison | undefined,
) {
  return {
    session: recording.id,
    samples: recording.rows,
    model: `${card.name}@${card.version}`,
    engine: classifier.engine,
    sameModel,
    recorded: result.recorded,
    identical: result.identical,
    different: result.different.slice(0, 100),
    differentCount: result.different.length,
    missing: result.missing.length,
    extra: result.extra,
    modelChanges: modelChanges(events),
    comparison,
  };
}

/** Where another model was taken into use, which ends a session. */
function modelChanges(events: LoadedSession['events']): string[] {
  return events.filter(({ kind }) => kind === 'model').map(({ detail }) => detail);
}

function print(
  { recording, predictions, events }: LoadedSession,
  { card, classifier }: LoadedModel,
  sameModel: boolean,
  { recorded, identical, different, missing, extra }: Reproduction,
  comparison: Comparison | undefined,
): void {
  console.log(
    `${recording.id}: ${recording.rows} samples, replayed with ${card.name}@${card.version} (${classifier.engine})`,
  );
  if (recorded > 0) console.log(`${identical} of ${recorded} recorded predictions came out the very same`);
  else console.log(`${predictions.length} recorded predictions, none of this model`);
  if (!sameModel && recorded > 0) console.log('the files of the model are not those that were recorded');
  for (const { recorded: was, replayed: is } of different.slice(0, 10)) {
    console.log(
      `  at ${(was.endUs / 1e6).toFixed(3)} s: ${was.label} ${was.confidence} became ${is.label} ${is.confidence}`,
    );
  }
  if (missing.length > 0) console.log(`${missing.length} recorded windows did not come out`);
  for (const change of modelChanges(events)) console.log(change);
  if (extra > 0)
    console.log(`${extra} more came out: ready only after the recording had ended, or dropped while it ran`);
  if (comparison !== undefined) printComparison(comparison);
}

function printComparison({ before, after, windows, labelled, agreement, changes }: Comparison): void {
  const share = (value: number | null) => (value === null ? '-' : value.toFixed(3));
  console.log(
    `\n${windows} windows that both judge, ${labelled} of them labelled; the same label in ${share(agreement)}`,
  );
  console.log(
    table([
      ['', before.model, after.model],
      ['accuracy', share(before.accuracy), share(after.accuracy)],
      ['smoothed accuracy', share(before.smoothedAccuracy), share(after.smoothedAccuracy)],
      ['mean confidence', share(before.meanConfidence), share(after.meanConfidence)],
    ]),
  );
  if (changes.length === 0) return;
  const rows = changes.map((c) => [c.from, c.to, String(c.windows), String(c.better), String(c.worse)]);
  console.log(`\n${table([['was', 'becomes', 'windows', 'better', 'worse'], ...rows])}`);
}
