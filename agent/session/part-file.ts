import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The part of a file handle that is used here; tests put a faulty disk in its place. */
export type DiskHandle = Pick<FileHandle, 'write' | 'datasync' | 'sync' | 'truncate' | 'close'>;
export type OpenDisk = (path: string) => Promise<DiskHandle>;

/** Made new: a file that is there already is never written over. */
const openNew: OpenDisk = (path) => open(path, 'wx', 0o644);

/** Ending of a file that is being written, or that was when the power went. */
export const PARTIAL = '.partial';

/** Files that this process is writing: they are nobody's to recover. */
const beingWritten = new Set<string>();
export const isBeingWritten = (partial: string): boolean => beingWritten.has(resolve(partial));

/**
 * A file that grows by whole pieces under the name `path.partial`, and gets its own name when it is complete.
 * A piece is either on the disk, as far as `datasync` can tell, or it is not in the file: after an error the file is
 * cut back to the last good piece, and the same piece may be tried again. Calls must not overlap.
 */
export class PartFile {
  readonly path: string;
  bytes = 0;
  writes = 0;
  syncs = 0;
  readonly #handle: DiskHandle;
  /** The file may be longer than `bytes`, after a write that failed half way. */
  #torn = false;

  private constructor(path: string, handle: DiskHandle) {
    this.path = path;
    this.#handle = handle;
  }

  static async create(path: string, openDisk: OpenDisk = openNew): Promise<PartFile> {
    const file = new PartFile(path, await openDisk(path + PARTIAL));
    beingWritten.add(resolve(path + PARTIAL));
    // Without this a power cut could take the name of a file whose data are safe.
    await syncFolder(dirname(path));
    file.syncs += 1;
    return file;
  }

  /**
   * Appends all of `piece` and waits until it is on the disk. One write (more where the disk takes less), one sync
   * (none where `sync` is false: a copy whose original is still there).
   */
  async append(piece: Uint8Array, sync = true): Promise<void> {
    if (this.#torn) {
      await this.#handle.truncate(this.bytes);
      this.#torn = false;
    }
    this.#torn = true;
    let done = 0;
    while (done < piece.byteLength) {
      const { bytesWritten } = await this.#handle.write(
        piece,
        done,
        piece.byteLength - done,
        this.bytes + done,
      );
      this.writes += 1;
      if (bytesWritten === 0) throw Object.assign(new Error('the disk took no byte'), { code: 'EIO' });
      done += bytesWritten;
    }
    if (sync) {
      await this.#handle.datasync();
      this.syncs += 1;
    }
    this.bytes += done;
    this.#torn = false;
  }

  /** Gives the complete file its name, after `check` has read it under the one it has now and thrown nothing. */
  async finish<T = void>(check: (file: string) => T = () => undefined as T): Promise<T> {
    await this.#handle.sync();
    await this.#handle.close();
    const checked = check(this.path + PARTIAL);
    beingWritten.delete(resolve(this.path + PARTIAL));
    await rename(this.path + PARTIAL, this.path);
    await syncFolder(dirname(this.path));
    this.syncs += 2;
    return checked;
  }

  /** Leaves the file as `.partial`, cut back to the last good piece where the disk lets us; without one it goes. */
  async abandon(): Promise<void> {
    if (this.#torn) await this.#handle.truncate(this.bytes).catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
    if (this.bytes === 0) await unlink(this.path + PARTIAL).catch(() => undefined);
    beingWritten.delete(resolve(this.path + PARTIAL));
  }
}

/** Makes names in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
