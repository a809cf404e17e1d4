import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, models/ and calibration/: the same from a checkout and from an installed tarball. */
export const packageRoot: string = findUp(dirname(fileURLToPath(import.meta.url)));

function findUp(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${from}`);
  }
}

/** How this underfoot is started on a command line: from a checkout, whose code is TypeScript, or as it is installed. */
export const ownCommand = import.meta.url.endsWith('.ts') ? 'npm run -s underfoot --' : 'underfoot';
