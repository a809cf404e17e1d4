import { randomUUID } from 'node:crypto';
import mqtt, { type MqttClient } from 'mqtt';
import { UserError } from '../errors.ts';
import { type BrokerOptions, clientOptions, insecureWarning, secretFree } from './broker-options.ts';
import { explainProblem } from './explain-problem.ts';

/** What to try one after the other. A single contact that a broker just hangs up on gets the older one as well. */
const versions = { auto: [5, 4], '5': [5], '3.1.1': [4] } as const;
/** Return code 1 and reason 0x84: the broker speaks no MQTT 5. */
const unsupportedVersion = [0x01, 0x84];

/** One contact with a broker for a command: as the options say, or MQTT 5, else 3.1.1. Throws UserError (69) when there is no contact. */
export async function contactBroker(
  options: Omit<BrokerOptions, 'clientId'>,
  warn: (text: string) => void,
): Promise<MqttClient> {
  if (options.insecure) warn(insecureWarning);
  const clientId = `underfoot-${randomUUID().slice(0, 8)}`;
  let problem = '';
  for (const version of versions[options.protocolVersion ?? 'auto']) {
    try {
      const full = clientOptions({ ...options, clientId, sessionExpiryS: 0 }, version);
      // Without the last argument a broker that hangs up without a word is waited for, for ever.
      return await mqtt.connectAsync(options.url, full, false);
    } catch (error) {
      if (error instanceof UserError) throw error;
      problem = explainProblem(error as Error);
      const { code, message } = error as Error & { code?: unknown };
      const hungUp = /^Couldn't connect/.test(message);
      if (hungUp) problem = 'closed before the broker answered';
      if (!hungUp && !unsupportedVersion.includes(Number(code))) break;
    }
  }
  throw new UserError(`broker ${secretFree(options.url)}: ${problem}`, 69);
}
