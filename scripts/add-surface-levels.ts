/**
 * Adds to cards that were made before it existed what each surface draws (`reference.surfaces`, which `calibrate
 * reference` and gain tracking compare with), without training anew: `npx tsx scripts/add-surface-levels.ts [NAME...]`.
 * The husky's need the recordings in ../shared/data; the demo's come from the simulator.
 */
import { join } from 'node:path';
import { surfaceLevels } from '../agent/drift/recover/surface-levels.ts';
import { loadCard } from '../agent/model/card-file.ts';
import { saveCard } from '../agent/model/write-card.ts';
import { packageRoot } from '../agent/package-root.ts';
import { drivesOf } from '../agent/session/drives.ts';
import type { Recording } from '../agent/session/recording.ts';
import { heldOutDrives } from './models/demo.ts';
import { huskyRecordings } from './models/husky-data.ts';

const sources: Record<string, () => Recording[]> = {
  'demo-six-surfaces': heldOutDrives,
  'husky-a200-1ch': huskyRecordings,
  'husky-a200-2ch': huskyRecordings,
};

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(sources)) {
  const source = sources[name];
  if (!source) throw new Error(`no model ${name}; there are ${Object.keys(sources).join(', ')}`);
  const folder = join(packageRoot, 'models', name);
  const card = loadCard(folder);
  const drives = source().flatMap((recording) => drivesOf(recording, card));
  const surfaces = surfaceLevels(drives, { ...card, channels: card.channels.length });
  saveCard(folder, { ...card, reference: { ...card.reference, surfaces } });
  console.log(
    `${name}: ${Object.entries(surfaces)
      .map(([l, s]) => `${l} ${s.recordings}`)
      .join(', ')}`,
  );
}
