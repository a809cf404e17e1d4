import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findingsOf } from '../config/problems.ts';
import { termsOf } from '../drift/accuracy.ts';
import { levelStatistics } from '../drift/recover/levels.ts';
import { ConfigError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { cardSchema, type ModelCard } from './card.ts';

/** The folder of a model: a path, or the name of a model that ships with underfoot. */
export function modelFolder(nameOrPath: string, from = '.'): string {
  const given = resolve(from, nameOrPath);
  if (existsSync(given)) return given;
  const shipped = join(packageRoot, 'models', nameOrPath);
  return /^[A-Za-z0-9_-]+$/.test(nameOrPath) && existsSync(shipped) ? shipped : given;
}

/** Reads `card.json` of a model folder and checks it and the SHA-256 of every file it names. Throws ConfigError. */
export function loadCard(folder: string): ModelCard {
  const file = join(folder, 'card.json');
  if (!existsSync(folder)) throw refuse(folder, '', 'no such folder', 'a model folder with card.json');
  if (!existsSync(file)) throw refuse(file, '', 'no such file', 'the model card');
  const card = parseCard(file, readFileSync(file, 'utf8'));
  checkFiles(folder, file, card);
  return card;
}

function parseCard(file: string, text: string): ModelCard {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refuse(file, '', (error as Error).message, 'JSON');
  }
  const parsed = cardSchema.safeParse(json);
  if (!parsed.success) throw new ConfigError(findingsOf(file, json, parsed.error, cardSchema));
  checkAgreement(file, parsed.data);
  return parsed.data;
}

/** What a schema of single keys cannot see: lengths that must agree with each other. */
function checkAgreement(file: string, card: ModelCard): void {
  const channels = card.channels.length;
  if (card.normalisation.kind === 'standard') {
    for (const key of ['mean', 'std'] as const) {
      const { length } = card.normalisation[key];
      if (length !== channels) {
        throw refuse(file, `normalisation.${key}`, `${length} numbers`, `${channels}, one a channel`);
      }
    }
  }
  for (const [key, { length }] of Object.entries(card.vectorScaling ?? {})) {
    if (length !== card.labels.length)
      throw refuse(file, `vectorScaling.${key}`, `${length} numbers`, `${card.labels.length}, one a label`);
  }
  checkTransitions(file, card);
  const { accuracy } = card.reference;
  if (accuracy && accuracy.weights.length !== termsOf(card.labels.length)) {
    const expected = `${termsOf(card.labels.length)} for ${card.labels.length} labels`;
    throw refuse(file, 'reference.accuracy.weights', `${accuracy.weights.length} numbers`, expected);
  }
  for (const [label, { drive, window }] of Object.entries(card.reference.surfaces ?? {})) {
    const expected = channels * levelStatistics.length;
    for (const [part, { mean, covariance }] of Object.entries({ drive, window })) {
      if (mean.length === expected && covariance.every((row) => row.length === expected)) continue;
      const key = `reference.surfaces.${label}.${part}`;
      throw refuse(file, key, `${mean.length} numbers`, `${expected} (channels x levels)`);
    }
  }
  card.selfTest.windows.forEach((window, i) => {
    if (window.data.length !== card.steps * channels) {
      const expected = `${card.steps * channels} (steps x channels)`;
      throw refuse(file, `selfTest.windows.${i}.data`, `${window.data.length} numbers`, expected);
    }
    if (window.probabilities.length !== card.labels.length) {
      const expected = `${card.labels.length}, one a label`;
      throw refuse(
        file,
        `selfTest.windows.${i}.probabilities`,
        `${window.probabilities.length} numbers`,
        expected,
      );
    }
  });
}

function checkTransitions(file: string, { labels, decision: { transitions } }: ModelCard): void {
  if (transitions === undefined) return;
  const key = 'decision.transitions';
  if (transitions.length !== labels.length)
    throw refuse(file, key, `${transitions.length} rows`, `${labels.length}, one a label`);
  for (const [i, row] of transitions.entries()) {
    const sum = row.reduce((a, b) => a + b, 0);
    if (row.length !== labels.length)
      throw refuse(file, `${key}.${i}`, `${row.length} numbers`, `${labels.length}, one a label`);
    if (Math.abs(sum - 1) > 1e-6) throw refuse(file, `${key}.${i}`, `a sum of ${sum}`, '1');
  }
}

function checkFiles(folder: string, cardFile: string, card: ModelCard): void {
  for (const [name, expected] of Object.entries(card.files)) {
    const file = join(folder, name);
    if (!existsSync(file)) throw refuse(cardFile, `files.${name}`, 'no such file', file);
    const found = createHash('sha256').update(readFileSync(file)).digest('hex');
    if (found !== expected) throw refuse(file, 'SHA-256', found, `${expected} (${cardFile})`);
  }
}

function refuse(file: string, key: string, found: string, expected: string): ConfigError {
  return new ConfigError([{ file, key, found, expected }]);
}
