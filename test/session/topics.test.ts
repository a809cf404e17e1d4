import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topicsOf } from '../../agent/session/topics.ts';

interface Schema {
  type?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** What Foxglove refuses of a JSON Schema (its parseJsonSchema): the topic is then not shown at all. */
function refusedIn(schema: Schema, path: string): string[] {
  if (schema.type !== 'object' || schema.properties === undefined)
    return [`${path}: no object with properties`];
  return Object.entries(schema.properties).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const inner = field.type === 'array' ? (field.items ?? {}) : field;
    if (inner.type === 'object') return refusedIn(inner, at);
    const isTaken = ['boolean', 'string', 'number', 'integer'].includes(String(inner.type));
    return isTaken && !Array.isArray(inner.type) ? [] : [`${at}: type ${JSON.stringify(inner.type)}`];
  });
}

test('the schemas of a session are such as Foxglove takes, and name each channel', () => {
  const topics = topicsOf(['curL', 'curR']);
  assert.equal(topics.length, 5);
  assert.deepEqual(
    topics.flatMap(({ name, schema }) => refusedIn(schema as Schema, name)),
    [],
  );
  const { properties = {} } = topics[0].schema as Schema;
  for (const key of ['values', 'mean'])
    assert.deepEqual(Object.keys(properties[key].properties ?? {}), ['curL', 'curR']);
});
