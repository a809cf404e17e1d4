import type { SimulatedDevice } from './devices/device.ts';
import { openPty } from './pty.ts';
import { Unread } from './unread.ts';

/** A simulated device behind a pseudo terminal, in real time. */
export interface ServedDevice {
  /** Path to open in place of a serial port. */
  readonly path: string;
  readonly device: SimulatedDevice;
  /** Bytes that were sent while nobody read, and are lost. */
  readonly droppedBytes: number;
  close(): Promise<void>;
}

const tickMs = 2;

/** Runs a device until it is closed. Its time begins at 0. */
export async function serveDevice(device: SimulatedDevice): Promise<ServedDevice> {
  const pty = await openPty((bytes) => {
    unread.heard(performance.now());
    device.receive(bytes);
  });
  const startMs = performance.now();
  const unread = new Unread(pty.path, startMs);
  let droppedBytes = 0;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const bytes = device.tick(Math.floor(1000 * (nowMs - startMs)));
    if (bytes === undefined) return;
    if (unread.takes(bytes.length, nowMs)) pty.write(bytes);
    else droppedBytes += bytes.length;
  }, tickMs);
  return {
    path: pty.path,
    device,
    get droppedBytes() {
      return droppedBytes;
    },
    async close() {
      clearInterval(timer);
      await pty.close();
    },
  };
}
