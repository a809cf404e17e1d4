import { connect } from 'mqtt';
import type { Config } from '../../config/schema.ts';
import { clientOptions, secretFree } from '../../publish/broker-options.ts';
import { explainProblem } from '../../publish/explain-problem.ts';
import { type MqttVersion, versionsFor } from '../../publish/protocol-version.ts';
import { type Check, type CheckResult, ok, problem, skipped } from './check.ts';

const timeoutMs = 5000;

/** The broker is reached and takes us; over TLS also that its certificate is one we trust. */
export const checkBroker: Check = async ({ config }) => {
  if (!config) return skipped('broker', 'no configuration');
  const url = secretFree(config.mqtt.url);
  if (usesCredentials(config.mqtt) && !process.env.CREDENTIALS_DIRECTORY) {
    return skipped('broker', `${url} needs systemd credentials, which only the service sees; see its log`);
  }
  let last = problem('broker', url, 'set mqtt.protocolVersion');
  for (const version of versionsFor(config.mqtt.protocolVersion)) {
    last = await contact(config.mqtt, url, version);
    if (!/protocol version/i.test(last.found)) break;
  }
  return last;
};

async function contact(mqtt: Config['mqtt'], url: string, version: MqttVersion): Promise<CheckResult> {
  let options: ReturnType<typeof clientOptions>;
  try {
    const clientId = `underfoot-doctor-${process.pid}`;
    options = clientOptions({ ...mqtt, clientId, connectTimeoutMs: timeoutMs }, version);
  } catch (error) {
    return problem('broker', (error as Error).message, 'correct the mqtt section');
  }
  return await new Promise<CheckResult>((resolve) => {
    const client = connect({ ...options, reconnectPeriod: 0, clean: true });
    const end = (result: CheckResult): void => {
      clearTimeout(timer);
      client.end(true);
      resolve(result);
    };
    const late = problem(
      'broker',
      `${url}: no answer in ${timeoutMs / 1000} s`,
      'is the address right, is the network up?',
    );
    const timer = setTimeout(() => end(late), timeoutMs);
    const dialect = version === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
    client.on('connect', () => end(ok('broker', `${url} took the connection (${dialect})`)));
    client.on('error', (error) => end(problem('broker', `${url}: ${explainProblem(error)}`, advice(error))));
  });
}

function usesCredentials(mqtt: object): boolean {
  return Object.values(mqtt).some((value) => typeof value === 'string' && value.startsWith('credential:'));
}

function advice(error: Error & { code?: string | number }): string {
  const code = String(error.code ?? '');
  if (code === 'ECONNREFUSED')
    return 'no broker listens there: sudo apt install mosquitto, or correct mqtt.url';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'the name is not known: correct mqtt.url or the name server';
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return 'its certificate is not trusted: name its CA with mqtt.caFile, and check the clock';
  }
  if (/not authori[sz]ed|bad user/i.test(error.message))
    return 'check mqtt.usernameFile and mqtt.passwordFile';
  if (/protocol/i.test(error.message))
    return 'the broker speaks MQTT 3.1.1 only: mqtt.protocolVersion: "3.1.1"';
  return 'see the log of the broker';
}
