import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../agent/package-root.ts';

/** Real recordings, beside the checkout and never inside it: `<SURFACE>/pro_NN.csv` (see the README there). */
export const recordingsFolder: string = join(packageRoot, '..', 'shared', 'data', 'borealtc');

/** False where the recordings are there, else the reason to skip a test: for node:test's `skip` option. */
export const skipWithoutRecordings: string | false = existsSync(recordingsFolder)
  ? false
  : `the real recordings are not here (${recordingsFolder})`;
