import { randomUUID } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { UserError } from '../errors.ts';
import { type BrokerOptions, clientOptions, insecureWarning, secretFree } from './broker-options.ts';
import { explainProblem } from './explain-problem.ts';
import { hungUpText, refusesVersion, versionsFor } from './protocol-version.ts';

/**
 * One contact with a broker for a command: as the options say, or MQTT 5, else 3.1.1, also where the broker just hangs
 * up on 5. Throws UserError (69) when there is no contact.
 */
export async function contactBroker(
  options: Omit<BrokerOptions, 'clientId'>,
  warn: (text: string) => void,
): Promise<MqttClient> {
  if (options.insecure) warn(insecureWarning);
  const clientId = `underfoot-${randomUUID().slice(0, 8)}`;
  let problem = '';
  for (const version of versionsFor(options.protocolVersion)) {
    try {
      const full = clientOptions({ ...options, clientId, sessionExpiryS: 0 }, version);
      // Without the last argument a broker that hangs up without a word is waited for, for ever.
      return await mqtt.connectAsync(options.url, full, false);
    } catch (error) {
      if (error instanceof UserError) throw error;
      problem = explainProblem(error as Error);
      const { code, message } = error as Error & { code?: unknown };
      const hungUp = /^Couldn't connect/.test(message);
      if (hungUp) problem = hungUpText;
      if (!hungUp && !refusesVersion(code)) break;
    }
  }
  throw new UserError(`broker ${secretFree(options.url)}: ${problem}`, 69);
}
