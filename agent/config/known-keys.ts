import { z } from 'zod';
import type { JsonSchema } from './json-schema.ts';

/** What a person may have meant by a key that the schema does not know: the nearest one, else all that may stand there. */
export function expectedKeys(schema: z.ZodType, input: unknown, path: readonly PropertyKey[]): string {
  const parents = path.slice(0, -1);
  const key = String(path.at(-1));
  const whole = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  let nodes = [whole];
  let value = input;
  for (const step of [...parents, undefined]) {
    nodes = nodes.flatMap((node) => variantsFor(node, value));
    if (step === undefined) break;
    nodes = nodes.flatMap((node) => below(node, step));
    value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  }
  const known = [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
  const nearest = known.filter((name) => distance(name, key) <= Math.max(1, key.length / 4));
  if (nearest.length > 0) return nearest.join(' or ');
  // Where it stands itself, only another alternative of the section knows it.
  const elsewhere = pathsTo(key, whole).filter((found) => found !== path.join('.'));
  if (elsewhere.length > 0 && elsewhere.length < 4) return elsewhere.join(' or ');
  return known.length > 0 ? `one of ${known.join(', ')}` : 'a key that the schema knows';
}

/** Dotted paths of the keys with this name, wherever they stand: what belongs in a section was written outside of it. */
function pathsTo(
  key: string,
  { properties = {}, oneOf, anyOf }: JsonSchema,
  above: readonly string[] = [],
): string[] {
  const own = Object.entries(properties).flatMap(([name, node]) => [
    ...(name === key ? [[...above, name].join('.')] : []),
    ...pathsTo(key, node, [...above, name]),
  ]);
  const other = [...(oneOf ?? []), ...(anyOf ?? [])].flatMap((node) => pathsTo(key, node, above));
  return [...new Set([...own, ...other])];
}

/** The alternatives that fit what distinguishes them, such as `kind: serial`. */
function variantsFor(node: JsonSchema, value: unknown): JsonSchema[] {
  const variants = node.oneOf ?? node.anyOf;
  if (variants === undefined) return [node];
  const all = variants.flatMap((variant) => variantsFor(variant, value));
  const fitting = all.filter((variant) =>
    Object.entries(variant.properties ?? {}).every(
      ([name, { const: fixed }]) =>
        fixed === undefined || fixed === (value as Record<string, unknown> | null)?.[name],
    ),
  );
  return fitting.length > 0 ? fitting : all;
}

function below({ properties, items, prefixItems, additionalProperties }: JsonSchema, step: PropertyKey) {
  const own =
    typeof step === 'number'
      ? (prefixItems?.[step] ?? items)
      : (properties?.[String(step)] ?? additionalProperties);
  return typeof own === 'object' ? [own] : [];
}

/** Letters to change, add, leave out or swap with the next one; capitals do not count. */
function distance(wanted: string, given: string): number {
  const [a, b] = [wanted.toLowerCase(), given.toLowerCase()];
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? rows[i - 2][j - 2] + 1 : Number.POSITIVE_INFINITY;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, changed, swap);
    }
  }
  return rows[a.length][b.length];
}
