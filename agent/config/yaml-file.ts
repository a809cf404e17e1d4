import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { ConfigError } from '../errors.ts';

/** What a YAML file says; `{}` where it says nothing. Throws ConfigError with the line where it is no YAML. */
export function readYamlFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'a folder' : message;
    throw new ConfigError([{ file, found, expected: 'a readable YAML file' }]);
  }
  const document = parseDocument(text, { prettyErrors: true });
  const [first] = document.errors;
  if (first === undefined) return document.toJS() ?? {};
  const line = first.linePos?.[0].line;
  const found = first.message.split('\n')[0].replace(/( at line \d+, column \d+)?:?$/, '');
  throw new ConfigError([
    { file, ...(line && { key: `line ${line}` }), found, expected: 'YAML (indentation, brackets, quotes)' },
  ]);
}
