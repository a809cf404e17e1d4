import { randomUUID } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { UserError } from '../errors.ts';
import { type BrokerOptions, clientOptions, insecureWarning, secretFree } from './broker-options.ts';

/** One contact with a broker for a command: MQTT 5, else 3.1.1. Throws UserError (69) when there is no contact. */
export async function contactBroker(
  options: Omit<BrokerOptions, 'clientId'>,
  warn: (text: string) => void,
): Promise<MqttClient> {
  if (options.insecure) warn(insecureWarning);
  const clientId = `underfoot-${randomUUID().slice(0, 8)}`;
  let problem = '';
  for (const version of [5, 4] as const) {
    try {
      const full = clientOptions({ ...options, clientId, sessionExpiryS: 0 }, version);
      return await mqtt.connectAsync(full as mqtt.IClientOptions);
    } catch (error) {
      if (error instanceof UserError) throw error;
      problem = (error as Error).message;
      // Return code 1 and reason 0x84: the broker speaks no MQTT 5.
      if (![1, 0x84].includes(Number((error as { code?: unknown }).code))) break;
    }
  }
  throw new UserError(`broker ${secretFree(options.url)}: ${problem}`, 69);
}
