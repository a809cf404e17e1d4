import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { cardSchema, type ModelCard } from './card.ts';

/** Checks and writes `card.json` of a model folder, whole or not at all. Returns the checked card. */
export function saveCard(folder: string, card: ModelCard): ModelCard {
  const checked = cardSchema.parse(card);
  const file = join(folder, 'card.json');
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, cardText(checked));
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new UserError(`${file}: cannot be written: ${(error as Error).message}`, 74);
  }
  return checked;
}

/** JSON with a line a key, and lists of numbers on one line. */
function cardText(card: ModelCard): string {
  const number = '-?[0-9][0-9.eE+-]*';
  const list = new RegExp(`\\[\\s*(${number}(?:,\\s*${number})*)\\s*\\]`, 'g');
  const text = JSON.stringify(card, null, 1);
  return `${text.replace(list, (_, inner: string) => `[${inner.replace(/\s+/g, ' ')}]`)}\n`;
}
