import { mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPty } from '../../agent/simulate/pty.ts';

/** A pseudo-terminal whose far end is in the test's hands. */
export interface TestPty {
  /** The near end, to be opened like a serial port. */
  readonly path: string;
  /** Bytes that then arrive at the near end. */
  write(bytes: Uint8Array | string): void;
  /** Writes as much as there is, as fast as the near end takes it. */
  writeAll(bytes: Uint8Array | string): Promise<void>;
  /** Bytes that were written to the near end. */
  onData(handler: (bytes: Uint8Array) => void): void;
  /** The near end vanishes, like a plug that is pulled. */
  close(): Promise<void>;
}

/** Opens a real pseudo-terminal with util-linux `script`. */
export async function openTestPty(): Promise<TestPty> {
  const handlers: ((bytes: Uint8Array) => void)[] = [];
  const pty = await openPty((bytes) => {
    for (const handler of handlers) handler(bytes);
  });
  return {
    path: pty.path,
    write: (bytes) => pty.write(Buffer.from(bytes)),
    async writeAll(bytes) {
      const all = Buffer.from(bytes);
      for (let from = 0; from < all.length; from += 16_384) {
        pty.write(all.subarray(from, from + 16_384));
        await pty.drained();
      }
    },
    onData: (handler) => void handlers.push(handler),
    close: () => pty.close(),
  };
}

/** A stable name that can be pointed at one device after the other, as udev does below /dev/serial/by-id. */
export function stableName(): { path: string; pointAt(device: string | undefined): void; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'underfoot-pty-'));
  const path = join(folder, 'usb-Test_Robot-if00');
  let there = false;
  return {
    path,
    pointAt(device) {
      if (there) unlinkSync(path);
      there = device !== undefined;
      if (device !== undefined) symlinkSync(device, path);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
