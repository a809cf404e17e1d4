import { stringify } from 'yaml';
import { z } from 'zod';
import { answerSchema, commands } from './command-payloads.ts';
import { reports } from './payloads.ts';
import { announcementSchema } from './rollout/announcement.ts';

/** A JSON value; the document is one. */
type Json = { readonly [key: string]: unknown };

const ref = (path: string): Json => ({ $ref: `#/${path}` });
const robotParameters = {
  prefix: { description: 'First level or levels of every topic (mqtt.prefix)', default: 'underfoot' },
  robotId: { description: 'Name of the robot: letters, digits, _ and -' },
};
/** `drift-reset` -> `DriftReset`. */
const pascal = (name: string) =>
  name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The parts of the document as they are gathered. */
class Parts {
  readonly channels: Record<string, Json> = {};
  readonly operations: Record<string, Json> = {};
  readonly messages: Record<string, Json> = {};
  readonly schemas: Record<string, Json> = {};

  message(name: string, schema: z.ZodType, io: 'input' | 'output', more: Json): void {
    this.schemas[name] = jsonSchema(schema, io);
    this.messages[name] = {
      name,
      contentType: 'application/json',
      payload: ref(`components/schemas/${name}`),
      ...more,
    };
  }

  channel(id: string, address: string, message: string, more: Json): void {
    const parameters = address.includes('{robotId}') ? robotParameters : { prefix: robotParameters.prefix };
    this.channels[id] = {
      address,
      ...more,
      messages: { [message]: ref(`components/messages/${message}`) },
      parameters,
    };
  }

  operation(id: string, action: 'send' | 'receive', channel: string, message: string, more: Json): void {
    this.operations[id] = {
      action,
      channel: ref(`channels/${channel}`),
      messages: [ref(`channels/${channel}/messages/${message}`)],
      ...more,
    };
  }
}

/** The AsyncAPI 3 document of all topics, from the very schemas that check payloads. */
function asyncApiDocument(): Json {
  const parts = new Parts();
  addReports(parts);
  addCommands(parts);
  addAnnouncements(parts);
  const { channels, operations, messages, schemas } = parts;
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'underfoot',
      version: '1',
      description: `What a robot is driving on, from the current its motors draw.\n\n${compatibility}`,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      broker: {
        host: '127.0.0.1:1883',
        protocol: 'mqtt',
        protocolVersion: '5',
        description: 'Whatever mqtt.url says; MQTT 3.1.1, TLS and WebSocket are spoken as well.',
      },
    },
    channels,
    operations,
    components: { messages, schemas },
  };
}

function addReports(parts: Parts): void {
  for (const [name, { title, description, qos, retain, expiryS, schema }] of Object.entries(reports)) {
    const message = pascal(name);
    parts.message(message, schema, 'output', { title, summary: description });
    parts.channel(name, `{prefix}/{robotId}/${name}`, message, { title, description });
    parts.operation(`publish${message}`, 'send', name, message, { bindings: binding(qos, retain, expiryS) });
  }
}

function addCommands(parts: Parts): void {
  parts.message('Answer', answerSchema, 'output', {
    title: 'Answer',
    summary: 'Answer to a request.',
    correlationId: { location: '$message.header#/correlationData', description: "The request's." },
  });
  for (const [name, { title, description, request, result }] of Object.entries(commands)) {
    const [id, message] = [camel(name), `${pascal(name)}Request`];
    parts.message(message, request, 'input', { title: `${title}: request`, summary: description });
    parts.schemas[`${pascal(name)}Result`] = jsonSchema(result, 'output');
    parts.channel(`${id}Request`, `{prefix}/{robotId}/command/${name}`, message, { title, description });
    parts.channel(`${id}Result`, `{prefix}/{robotId}/command/${name}/result`, 'Answer', {
      title: `${title}: answer`,
      description: `Where the request named no response topic. Its result is a ${pascal(name)}Result.`,
    });
    parts.operation(`do${pascal(name)}`, 'receive', `${id}Request`, message, {
      reply: {
        channel: ref(`channels/${id}Result`),
        messages: [ref(`channels/${id}Result/messages/Answer`)],
      },
      bindings: binding(1, false),
    });
  }
}

function addAnnouncements(parts: Parts): void {
  const title = 'Model announcement';
  const message = 'ModelAnnouncement';
  parts.message(message, announcementSchema, 'input', { title, summary: 'Tells robots of a new model.' });
  for (const [id, address] of [
    ['fleetModel', '{prefix}/fleet/model'],
    ['robotModel', '{prefix}/{robotId}/model/announce'],
  ] as const) {
    parts.channel(id, address, message, { title });
    parts.operation(`take${pascal(id)}`, 'receive', id, message, { bindings: binding(1, true) });
  }
}

const binding = (qos: 0 | 1, retain: boolean, messageExpiryInterval?: number) => ({
  mqtt: { qos, retain, messageExpiryInterval, bindingVersion: '0.2.0' },
});

/** What subscribers may rely on. */
export const compatibility = [
  'Compatibility: under one `schemaVersion`, keys are only added; none is removed or renamed, and none gets another',
  'type, unit or meaning. A subscriber must ignore keys and topics that it does not know. Any other change raises',
  '`schemaVersion` and the major version of underfoot, and is in the changelog one minor version ahead.',
].join(' ');

/** The same as YAML, for docs/asyncapi.yaml. */
export function asyncApiYaml(): string {
  const head = '# Generated from agent/publish by `npm run docs`; a test keeps it fresh.\n';
  return (
    head +
    stringify(asyncApiDocument(), { lineWidth: 110, aliasDuplicateObjects: false, keepUndefined: false })
  );
}

/** JSON Schema (draft 7, as AsyncAPI wants it) of a payload. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io }) as Json;
  // Subscribers must ignore keys that they do not know, so a schema of what we send must not forbid them.
  return io === 'output' ? open(rest) : rest;
}

function open(value: Json): Json {
  const entries = Object.entries(value)
    .filter(([key, v]) => !(key === 'additionalProperties' && v === false))
    .map(([key, v]) => [key, typeof v === 'object' && v !== null && !Array.isArray(v) ? open(v as Json) : v]);
  return Object.fromEntries(entries);
}
