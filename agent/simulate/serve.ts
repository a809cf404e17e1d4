import type { SimulatedDevice } from './devices/device.ts';
import { openPty } from './pty.ts';

/** A simulated device behind a pseudo terminal, in real time. */
export interface ServedDevice {
  /** Path to open in place of a serial port. */
  readonly path: string;
  readonly device: SimulatedDevice;
  close(): Promise<void>;
}

const tickMs = 2;

/** Runs a device until it is closed. Its time begins at 0. */
export async function serveDevice(device: SimulatedDevice): Promise<ServedDevice> {
  const pty = await openPty((bytes) => device.receive(bytes));
  const startMs = performance.now();
  const timer = setInterval(() => {
    const bytes = device.tick(Math.floor(1000 * (performance.now() - startMs)));
    if (bytes) pty.write(bytes);
  }, tickMs);
  return {
    path: pty.path,
    device,
    async close() {
      clearInterval(timer);
      await pty.close();
    },
  };
}
