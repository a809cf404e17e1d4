import { join } from 'node:path';
import { type Config, configSchema } from '../config/schema.ts';
import { modelFolder } from '../model/card-file.ts';

/** Lines a second of the simulated robot, as in the drives that the demo model was trained on. */
export const demoRateHz = 50;

export interface DemoParts {
  readonly robotId: string;
  /** The pseudo terminal that the simulated robot writes to (simulate/drive.ts). */
  readonly port: string;
  readonly brokerUrl: string;
  /** Sessions go below it. */
  readonly folder: string;
  /** 0 takes a free one. */
  readonly dashboardPort: number;
}

/** An agent of the simulated robot with the model that ships for it. */
export function demoConfig({ robotId, port, brokerUrl, folder, dashboardPort }: DemoParts): Config {
  const config = configSchema.parse({
    robotId,
    source: { kind: 'serial', port },
    protocol: {
      name: 'text',
      header: ['time', 'curL', 'curR'],
      columns: ['curL', 'curR'],
      time: { column: 'time', unit: 's' },
    },
    nominalRateHz: demoRateHz,
    model: 'demo-six-surfaces',
    mqtt: { url: brokerUrl },
    sessions: { folder: join(folder, 'sessions') },
    dashboard: { port: dashboardPort },
  });
  return { ...config, model: modelFolder(config.model) };
}
