import type { CommandModule } from 'yargs';
import { listPorts, type PortDescription } from '../source/ports.ts';

interface Arguments {
  json: boolean;
}

export const portsCommand: CommandModule<object, Arguments> = {
  command: 'ports',
  describe: 'List serial ports with the names that survive a restart',
  builder: (y) => y.options({ json: { type: 'boolean', default: false, describe: 'Print JSON' } }),
  async handler({ json }) {
    const ports = await listPorts();
    if (json) console.log(JSON.stringify(ports, null, 2));
    else if (ports.length === 0) console.log('no serial ports: is the adapter plugged in? (dmesg | tail)');
    else for (const port of ports) console.log(describe(port));
  },
};

function describe({ path, device, stable, manufacturer, vendorId, productId }: PortDescription): string {
  const usb = vendorId && productId ? `${vendorId}:${productId}` : undefined;
  const about = [stable ? device : undefined, manufacturer, usb].filter((part) => part !== undefined);
  return about.length > 0 ? `${path}  (${about.join(', ')})` : path;
}
