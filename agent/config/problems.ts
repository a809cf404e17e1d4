import type { z } from 'zod';
import type { Finding } from '../errors.ts';
import { secretFree } from './secret-free.ts';

/** Zod's issues in the words of the person who wrote the file: file, key, what was found, what was expected. */
export function findingsOf(file: string, input: unknown, error: z.ZodError): Finding[] {
  return error.issues.flatMap((issue) => explain(file, input, issue));
}

function explain(file: string, input: unknown, issue: z.core.$ZodIssue): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      file,
      key: dotted([...issue.path, key]),
      found: `unknown key ${JSON.stringify(key)}`,
      expected: 'a key that the schema knows',
    }));
  }
  const found = show(at(input, issue.path));
  return [{ file, key: dotted(issue.path), found, expected: expectation(issue) }];
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return issue.expected;
  if (issue.code === 'invalid_value') return `one of ${list(issue.values)}`;
  if (issue.code === 'too_small')
    return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  if (issue.code === 'too_big')
    return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return `one of ${list(issue.options)}`;
  }
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
