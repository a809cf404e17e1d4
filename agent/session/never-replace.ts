import { constants, copyFile, link, rename, unlink } from 'node:fs/promises';
import { UserError } from '../errors.ts';

/**
 * Renames a file that was made under another name. Throws UserError (73), and removes that file, where something came to
 * stand at `target` in between, as when its writer closed it after all.
 */
export async function putNew(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    // Some file systems (FAT) have no links.
    if (!isThere(error)) return rename(temporary, target);
    await unlink(temporary);
    throw new UserError(`${target}: is there already; remove one of the two`, 73);
  }
  await unlink(temporary);
}

/** Gives a file a second name, `name` or the first free one of `name.2`, `name.3`, ...; returns which. */
export async function keepAside(file: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : `${name}.${n}`;
    try {
      await link(file, free).catch((error) => {
        if (isThere(error)) throw error;
        return copyFile(file, free, constants.COPYFILE_EXCL);
      });
      return free;
    } catch (error) {
      if (!isThere(error)) throw error;
    }
  }
}

const isThere = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EEXIST';
