import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SerialPort } from 'serialport';

/** A serial port of this machine. */
export interface PortDescription {
  /** What belongs into a configuration: the stable name where there is one. */
  readonly path: string;
  /** The device that it stands for now, such as /dev/ttyUSB0. */
  readonly device: string;
  readonly stable: boolean;
  readonly manufacturer?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly vendorId?: string | undefined;
  readonly productId?: string | undefined;
}

/** Serial ports, those with a stable name (/dev/serial/by-id) first, then by name. */
export async function listPorts(byIdFolder = '/dev/serial/by-id'): Promise<PortDescription[]> {
  const stableNames = await stableNamesIn(byIdFolder);
  // udevadm is missing in small containers; the stable names are still worth listing.
  const listed = await SerialPort.list().catch(() => []);
  const devices = new Map(listed.map((port) => [port.path, port]));
  const ports = [...new Set([...devices.keys(), ...stableNames.keys()])].map((device) => {
    const stableName = stableNames.get(device);
    const { manufacturer, serialNumber, vendorId, productId } = devices.get(device) ?? {};
    return {
      path: stableName ?? device,
      device,
      stable: stableName !== undefined,
      manufacturer,
      serialNumber,
      vendorId,
      productId,
    };
  });
  return ports.sort((a, b) => Number(b.stable) - Number(a.stable) || a.path.localeCompare(b.path));
}

/** Stable name by device. */
async function stableNamesIn(folder: string): Promise<Map<string, string>> {
  const names = await readdir(folder).catch(() => []);
  const pairs = names.sort().map(async (name): Promise<[string, string] | undefined> => {
    const path = join(folder, name);
    const device = await realpath(path).catch(() => undefined);
    return device === undefined ? undefined : [device, path];
  });
  return new Map((await Promise.all(pairs)).filter((pair) => pair !== undefined));
}
