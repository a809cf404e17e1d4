import type { z } from 'zod';
import type { Finding } from '../errors.ts';
import { expectedKeys } from './known-keys.ts';
import { secretFree } from './secret-free.ts';

/** Zod's issues in the words of the person who wrote the file: file, key, what was found, what was expected. */
export function findingsOf(file: string, input: unknown, error: z.ZodError, schema: z.ZodType): Finding[] {
  return error.issues.flatMap((issue) => explain(file, input, issue, schema));
}

function explain(file: string, input: unknown, issue: z.core.$ZodIssue, schema: z.ZodType): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      file,
      key: dotted([...issue.path, key]),
      found: `unknown key ${JSON.stringify(key)}`,
      expected: expectedKeys(schema, input, [...issue.path, key]),
    }));
  }
  const found = show(at(input, issue.path));
  return [{ file, key: dotted(issue.path), found, expected: expectation(issue) }];
}

/** Kinds of values in the words of a YAML file. */
const kinds: Readonly<Record<string, string>> = {
  object: 'a section with keys',
  record: 'a section with keys',
  array: 'a list',
  tuple: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return kinds[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return `one of ${list(issue.values)}`;
  if (issue.code === 'too_small')
    return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big')
    return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return `one of ${list(issue.options)}`;
  }
  const pattern = /^Invalid string: must match pattern (.*)$/.exec(issue.message);
  if (pattern) return `text that matches ${pattern[1]}`;
  return issue.message.replace(/^.*expected /i, '');
}

function list(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(secretFree(value)) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
