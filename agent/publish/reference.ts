import type { z } from 'zod';
import { compatibility, jsonSchema } from './asyncapi.ts';
import { answerSchema, commands } from './command-payloads.ts';
import { reports } from './payloads.ts';
import { announcementSchema } from './rollout/announcement.ts';

interface Property {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly 'x-unit'?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  readonly items?: Property;
  readonly anyOf?: readonly Property[];
  readonly additionalProperties?: boolean | Property;
}

/** docs/topics.md: every topic, key, type and unit, from the schemas alone. */
export function topicsReference(): string {
  const lines = [
    '# MQTT topics',
    '',
    'Generated from `agent/publish` by `npm run docs`; a test keeps it fresh. The same for machines is',
    '[asyncapi.yaml](asyncapi.yaml). How to connect is in [mqtt.md](mqtt.md).',
    '',
    `All topics begin with \`<prefix>/<robotId>/\` (\`underfoot\` and the robot's name); payloads are JSON. ${compatibility}`,
    '',
    '| topic | retained | QoS | what |',
    '|---|---|---|---|',
  ];
  for (const [name, { retain, qos, description }] of Object.entries(reports)) {
    lines.push(`| [\`${name}\`](#${name}) | ${retain ? 'yes' : 'no'} | ${qos} | ${description} |`);
  }
  for (const [name, { title, description }] of Object.entries(commands)) {
    lines.push(`| [\`command/${name}\`](#command${name}) | no | 1 | ${title}: ${description} |`);
  }
  lines.push('', '## Reports', '');
  for (const [name, { schema, description, expiryS }] of Object.entries(reports)) {
    const expiry = expiryS === undefined ? '' : ` Expires after ${expiryS} s (MQTT 5).`;
    lines.push(`### ${name}`, '', `${description}${expiry}`, '', ...table(schema, 'output'), '');
  }
  lines.push('## Requests', '', ...requestsText, '', ...table(answerSchema, 'output'), '');
  for (const [name, { description, request, result }] of Object.entries(commands)) {
    lines.push(`### command/${name}`, '', description, '', 'Request:', '', ...table(request, 'input'), '');
    const rows = table(result, 'output');
    if (rows.length > 2) lines.push('Result:', '', ...rows, '');
  }
  lines.push('## Model announcement', '', 'Retained on `<prefix>/fleet/model` for all robots, or on');
  lines.push('`<prefix>/<robotId>/model/announce` for one. See [mqtt-models.md](mqtt-models.md).', '');
  lines.push(...table(announcementSchema, 'input'));
  return `${lines.join('\n').trimEnd()}\n`;
}

const requestsText = [
  'A request goes to `command/<name>` with QoS 1, not retained. Its answer goes to the response topic of the request,',
  'with its correlation data (MQTT 5), else to `command/<name>/result`. See [mqtt-commands.md](mqtt-commands.md).',
];

function table(schema: z.ZodType, io: 'input' | 'output'): string[] {
  const lines = ['| key | type | unit | meaning |', '|---|---|---|---|'];
  rows(lines, jsonSchema(schema, io) as Property, '');
  return lines;
}

function rows(lines: string[], schema: Property, path: string): void {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const full = path === '' ? key : `${path}.${key}`;
    // What is said of a nullable key stands beside the null.
    const inner = { ...property.anyOf?.find((p) => p.type !== 'null'), ...property };
    const optional = schema.required?.includes(key) ? '' : ' (optional)';
    const unit = inner['x-unit'] ?? '';
    const meaning = (inner.description ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ');
    lines.push(`| \`${full}\`${optional} | ${typeOf(property)} | ${unit} | ${meaning} |`);
    rows(lines, inner, full);
    if (inner.items?.properties) rows(lines, inner.items, `${full}[]`);
  }
}

function typeOf(property: Property): string {
  if (property.const !== undefined) return `\`${JSON.stringify(property.const)}\``;
  if (property.enum) return property.enum.map((v) => `\`${JSON.stringify(v)}\``).join(', ');
  if (property.anyOf) return property.anyOf.map(typeOf).join(' or ');
  if (property.type === 'array') return property.items ? `list of ${typeOf(property.items)}` : 'list';
  const map = property.additionalProperties;
  if (property.type === 'object' && typeof map === 'object' && map.type) return `map of ${typeOf(map)}`;
  return [property.type ?? 'any'].flat().join(' or ');
}
