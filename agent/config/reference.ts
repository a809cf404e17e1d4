import { z } from 'zod';
import type { JsonSchema } from './json-schema.ts';
import { configSchema } from './schema.ts';

/** JSON Schema of the configuration file, for editors: `# yaml-language-server: $schema=FILE`. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

/** docs/config.md: every key with its type, default and meaning, from the schema alone. */
export function configReference(): string {
  const lines = [
    '# Configuration',
    '',
    'Generated from `agent/config/schema.ts` by `npm run docs`; a test keeps it fresh.',
    '',
    'One YAML file a robot, `/etc/underfoot/underfoot.yaml` where underfoot is installed. Paths are relative to the file.',
    'An unknown key is refused. `underfoot config check FILE` checks it, `underfoot config show FILE` prints it with the',
    'defaults filled in, `underfoot config schema` prints its JSON Schema for an editor.',
    '',
  ];
  section(lines, configJsonSchema(), '', 2);
  return `${lines.join('\n').trimEnd()}\n`;
}

function section(lines: string[], schema: JsonSchema, path: string, level: number): void {
  const later: [string, JsonSchema][] = [];
  lines.push('| key | type | default | meaning |', '|---|---|---|---|');
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const full = path ? `${path}.${key}` : key;
    const needed = schema.required?.includes(key) && property.const === undefined;
    const type = isSection(property) ? typeOfSection(property) : typeOf(property);
    const fallback = property.default === undefined ? (needed ? '*needed*' : '') : code(property.default);
    lines.push(`| \`${full}\` | ${type} | ${fallback} | ${cell(property.description ?? '')} |`);
    if (isSection(property)) later.push([full, property]);
    else if (property.items && isSection(property.items)) later.push([`${full}[]`, property.items]);
  }
  lines.push('');
  for (const [full, property] of later) subsection(lines, full, property, level);
}

function subsection(lines: string[], path: string, schema: JsonSchema, level: number): void {
  const heading = '#'.repeat(Math.min(level, 5));
  const variants = variantsOf(schema);
  if (variants.length === 0) {
    lines.push(`${heading} ${path}`, '');
    section(lines, schema, path, level + 1);
    return;
  }
  for (const variant of variants) {
    lines.push(`${heading} ${path}${nameOfVariant(variant)}`, '');
    if (variant.description) lines.push(variant.description, '');
    section(lines, variant, path, level + 1);
  }
}

function isSection(schema: JsonSchema): boolean {
  return Object.keys(schema.properties ?? {}).length > 0 || variantsOf(schema).length > 0;
}

function variantsOf(schema: JsonSchema): JsonSchema[] {
  return (schema.oneOf ?? schema.anyOf ?? []).filter((variant) => variant.properties);
}

/** ` (kind: serial)`: the constant that chooses this variant. */
function nameOfVariant(variant: JsonSchema): string {
  const chosen = Object.entries(variant.properties ?? {}).find(([, p]) => p.const !== undefined);
  return chosen ? ` (${chosen[0]}: ${String(chosen[1].const)})` : '';
}

/** `keys below`, after what stands for all of them, such as `false`. */
function typeOfSection(schema: JsonSchema): string {
  const plain = (schema.oneOf ?? schema.anyOf ?? []).filter((variant) => !variant.properties);
  return [...plain.map(typeOf), 'keys below'].join(' or ');
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum) return schema.enum.map(code).join(' or ');
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.map(typeOf).join(' or ');
  if (schema.properties) return `{ ${Object.keys(schema.properties).join(', ')} }`;
  if (schema.prefixItems) return `list of ${schema.prefixItems.map(typeOf).join(', ')}`;
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === 'object') return 'map';
  return `${schema.type ?? 'any'}${range(schema)}`;
}

function range({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const isLimit = (n: number | undefined): n is number => n !== undefined && Math.abs(n) < 2 ** 53 - 1;
  const parts: string[] = [];
  if (isLimit(exclusiveMinimum)) parts.push(`> ${exclusiveMinimum}`);
  if (isLimit(minimum)) parts.push(`≥ ${minimum}`);
  if (isLimit(maximum)) parts.push(`≤ ${maximum}`);
  return parts.length > 0 ? ` ${parts.join(', ')}` : '';
}

function code(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' ? '(empty)' : `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
