import { loadMqtt } from '../config/load.ts';
import { type PublishConfig, publishSchema } from '../config/publish.ts';

/** Options of commands that talk to a broker. */
export const brokerOptions = {
  config: {
    alias: 'c',
    type: 'string',
    requiresArg: true,
    describe: 'File whose mqtt section says how to reach the broker; no more need be in it',
  },
  broker: {
    type: 'string',
    requiresArg: true,
    describe: 'URL of the broker; default: mqtt://127.0.0.1:1883',
  },
  prefix: { type: 'string', requiresArg: true, describe: 'First level of the topics; default: underfoot' },
} as const;

export interface BrokerArguments {
  config?: string;
  broker?: string;
  prefix?: string;
}

/** How to reach the broker; never with the client id of the agent, which would be thrown out. */
export function brokerOf({ config, broker, prefix }: BrokerArguments): PublishConfig {
  const mqtt = config === undefined ? publishSchema.parse({}) : loadMqtt(config);
  return { ...mqtt, url: broker ?? mqtt.url, prefix: prefix ?? mqtt.prefix, clientId: undefined };
}
