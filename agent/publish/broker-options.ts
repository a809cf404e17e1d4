import type { ClientRequestArgs } from 'node:http';
import type { IClientOptions } from 'mqtt';
import { ConfigError } from '../errors.ts';
import { type CredentialFiles, readCredentials } from './credentials.ts';

/** Which broker, and how to speak to it. */
export interface BrokerOptions extends CredentialFiles {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://` HOST[:PORT][/PATH]; without user name and password. */
  readonly url: string;
  /** Stable, so that the broker knows the session again. */
  readonly clientId: string;
  /** `auto` (the default) tries 5 and falls back to 3.1.1 where the broker asks for it. */
  readonly protocolVersion?: 'auto' | '5' | '3.1.1';
  /** Name that the broker's certificate must have (SNI), where it differs from the host in the URL. */
  readonly servername?: string;
  /** Accepts any certificate. Logged at each start. */
  readonly insecure?: boolean;
  readonly keepaliveS?: number;
  readonly connectTimeoutMs?: number;
  /** How long the broker keeps commands for an agent that is away (MQTT 5 only). */
  readonly sessionExpiryS?: number;
  /** First pause at most before the next attempt (default 1 s), and the longest one (default 60 s). */
  readonly reconnectMinMs?: number;
  readonly reconnectMaxMs?: number;
}

const protocols: Readonly<Record<string, 'mqtt' | 'mqtts' | 'ws' | 'wss'>> = {
  'mqtt:': 'mqtt',
  'tcp:': 'mqtt',
  'mqtts:': 'mqtts',
  'ssl:': 'mqtts',
  'ws:': 'ws',
  'wss:': 'wss',
};
const ports = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 } as const;

/** Said at each start with `insecure: true`. */
export const insecureWarning =
  'mqtt.insecure is on: the certificate of the broker is not checked, anyone can pose as it';

/** What mqtt.js is told; files are read anew each time, so that a renewed certificate needs no restart. */
export function clientOptions(options: BrokerOptions, version: 4 | 5): IClientOptions {
  const url = checkUrl(options.url);
  const protocol = protocols[url.protocol];
  const { username, password, ca, cert, key } = readCredentials(options);
  const rejectUnauthorized = options.insecure !== true;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    protocol,
    host,
    hostname: host,
    port: url.port === '' ? ports[protocol] : Number(url.port),
    ...(protocol.startsWith('ws') ? { path: `${url.pathname}${url.search}` } : {}),
    clientId: options.clientId,
    protocolVersion: version,
    ...(version === 5
      ? { clean: false, properties: { sessionExpiryInterval: options.sessionExpiryS ?? 3600 } }
      : { clean: true }),
    keepalive: options.keepaliveS ?? 30,
    connectTimeout: options.connectTimeoutMs ?? 10_000,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    username,
    password,
    ca,
    cert,
    key,
    rejectUnauthorized,
    ...(options.servername === undefined
      ? {}
      : {
          servername: options.servername,
          wsOptions: { servername: options.servername } as ClientRequestArgs,
        }),
  };
}

/** The URL without what nobody should read in a log. */
export function secretFree(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//***@').replace(/\?.*$/, '?***');
}

function checkUrl(text: string): URL {
  const wrong = (found: string, expected: string): never => {
    throw new ConfigError([{ file: 'configuration', key: 'mqtt.url', found, expected }]);
  };
  if (!URL.canParse(text))
    return wrong(JSON.stringify(secretFree(text)), 'mqtt://HOST:PORT, mqtts://, ws:// or wss://');
  const url = new URL(text);
  if (protocols[url.protocol] === undefined) return wrong(url.protocol, 'mqtt:, mqtts:, ws: or wss:');
  if (url.hostname === '') return wrong('no host', 'mqtt://HOST:PORT');
  if (url.username !== '' || url.password !== '') {
    return wrong('a user name or password in the URL', 'mqtt.usernameFile and mqtt.passwordFile');
  }
  return url;
}
