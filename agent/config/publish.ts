import { resolve } from 'node:path';
import { z } from 'zod';

const file = (what: string) =>
  z.string().min(1).optional().describe(`File with ${what}, or credential:NAME for a systemd credential.`);

const outboxSchema = z.strictObject({
  folder: z
    .string()
    .optional()
    .describe('Where events wait while the broker is away; default: in memory, lost at a restart.'),
  maxBytes: z
    .number()
    .int()
    .min(64 * 1024)
    .default(8 * 1024 * 1024)
    .describe('Size of the outbox; the oldest events go first.'),
  maxAgeS: z
    .number()
    .positive()
    .default(24 * 3600)
    .describe('Events older than this are not sent any more.'),
});

const commandsSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether requests over MQTT are taken.'),
  perMinute: z.number().int().positive().default(60).describe('Requests a minute; more are refused.'),
});

const modelsSchema = z.strictObject({
  folder: z
    .string()
    .optional()
    .describe('Where models that come over the air are kept; default: none are taken.'),
  publicKeys: z
    .array(z.string())
    .default([])
    .describe('Files with the Ed25519 public keys (PEM) of those who may sign models.'),
  allowUnsigned: z.boolean().default(false).describe('Takes models that nobody signed.'),
  shadowWindows: z
    .number()
    .int()
    .positive()
    .default(50)
    .describe('Live windows on which a new model runs beside the current one before it takes over.'),
});

const homeAssistantSchema = z.strictObject({
  enabled: z.boolean().default(false).describe('Announces this robot to Home Assistant.'),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'expected letters, digits, _ and - only')
    .default('homeassistant')
    .describe("Home Assistant's discovery prefix."),
});

/** How to reach the MQTT broker, and what to do over it. */
export const publishSchema = z
  .strictObject({
    url: z
      .string()
      .regex(
        /^(mqtts?|wss?):\/\/[^/@]+(\/[^@]*)?$/,
        'expected mqtt://, mqtts://, ws:// or wss:// and a host, without credentials',
      )
      .default('mqtt://127.0.0.1:1883')
      .describe('Broker.'),
    prefix: z
      .string()
      .regex(
        /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/,
        'expected levels of letters, digits, _ and - only, with / between them',
      )
      .default('underfoot')
      .describe('First level or levels of every topic.'),
    protocolVersion: z
      .enum(['auto', '5', '3.1.1'])
      .default('auto')
      .describe('auto is MQTT 5, and 3.1.1 where the broker asks for it.'),
    clientId: z.string().min(1).max(128).optional().describe('Default: made of prefix and robotId.'),
    usernameFile: file('the user name'),
    passwordFile: file('the password'),
    caFile: file("the certificates (PEM) that may sign the broker's; default: those of Node.js"),
    certFile: file("this robot's certificate (PEM), for mutual TLS"),
    keyFile: file("the key of this robot's certificate (PEM)"),
    servername: z.string().optional().describe("Name in the broker's certificate, where it is not the host."),
    insecure: z
      .boolean()
      .default(false)
      .describe('Accepts any certificate of the broker; logged at each start. Not for use.'),
    keepaliveS: z
      .number()
      .int()
      .min(1)
      .max(65535)
      .default(30)
      .describe('A silent connection is given up after about one and a half of this.'),
    reconnectMinMs: z
      .number()
      .int()
      .min(10)
      .default(1000)
      .describe(
        'First pause at most, before a broker that is away is tried again; doubles with each failure.',
      ),
    reconnectMaxMs: z
      .number()
      .int()
      .min(10)
      .default(60_000)
      .describe('Longest pause; each is drawn between a tenth of it and all of it, so that a fleet spreads.'),
    sessionExpiryS: z
      .number()
      .int()
      .nonnegative()
      .default(3600)
      .describe('How long the broker keeps requests for a robot that is away (MQTT 5).'),
    outbox: outboxSchema.prefault({}).describe('Events on their way to the broker.'),
    commands: commandsSchema.prefault({}).describe('Requests over MQTT (docs/mqtt-commands.md).'),
    models: modelsSchema.prefault({}).describe('Models over the air (docs/mqtt-models.md).'),
    homeAssistant: homeAssistantSchema.prefault({}).describe('Home Assistant discovery.'),
  })
  .refine(({ reconnectMinMs, reconnectMaxMs }) => reconnectMinMs <= reconnectMaxMs, {
    path: ['reconnectMaxMs'],
    error: 'expected at least mqtt.reconnectMinMs',
  });

export type PublishConfig = z.infer<typeof publishSchema>;

/** The same with absolute paths; relative ones start at `folder`, credentials stay as they are. */
export function resolvePublishPaths(config: PublishConfig, folder: string): PublishConfig {
  const path = <T extends string | undefined>(name: T) =>
    name === undefined || name.startsWith('credential:') ? name : resolve(folder, name);
  return {
    ...config,
    usernameFile: path(config.usernameFile),
    passwordFile: path(config.passwordFile),
    caFile: path(config.caFile),
    certFile: path(config.certFile),
    keyFile: path(config.keyFile),
    outbox: { ...config.outbox, folder: path(config.outbox.folder) },
    models: {
      ...config.models,
      folder: path(config.models.folder),
      publicKeys: config.models.publicKeys.map((name) => resolve(folder, name)),
    },
  };
}
