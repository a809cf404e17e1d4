import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { secretKey } from '../../config/secret-free.ts';

const hidden = '(hidden)';
/** A shorter one would black out half of the log, and is no secret. */
const shortest = 4;
const longestFileBytes = 64 * 1024;

/** Shapes that give a secret away wherever they stand: in a URL, an environment, a header, a PEM file. */
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?(-----END \1PRIVATE KEY-----|$)/g, hidden],
  [/:\/\/[^/@\s]+@/g, `://${hidden}@`],
  [/(\w:\/\/[^\s?"'<>]+)\?[^\s"'<>]*/g, `$1?${hidden}`],
  [
    /(\b\w*(?:passw(?:or)?d|passphrase|token|secret|api_?key|private_?key|credential)\w*\\?["']?[=:]\s*)(\\?["'])?([^\s"',}\\]+)/gi,
    `$1$2${hidden}`,
  ],
  [/(\bauthorization\\?["']?[=:]\s*\\?["']?(?:\w+ )?)[^\s"',}\\]+/gi, `$1${hidden}`],
];

/** What is no secret although its name looks like one: it names a file or a folder, or a systemd credential. */
const harmless =
  /(?:File|_FILE|DIRECTORY|LoadCredential|SetCredentialEncrypted)\\?["']?[=:]\s*\\?["']?[^\s"',}\\]+$/;

/**
 * Takes secrets out of any text: by shape, and the very contents of the secret files that the configuration names, of
 * the service's credentials beside it, and of secret keys that somebody wrote into it against the rules.
 */
export function scrubber(configFile: string): (text: string) => string {
  const raw = readConfiguration(configFile);
  const found = [...secretsIn(raw), ...credentialsBeside(configFile)].filter((s) => s.length >= shortest);
  // The longest first: one secret may be a part of another.
  const secrets = [...new Set(found)].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of secrets) clean = clean.replaceAll(secret, hidden);
    for (const [shape, put] of shapes) {
      clean = clean.replace(shape, (match, ...groups: unknown[]) =>
        harmless.test(match) ? match : fill(put, groups),
      );
    }
    return clean;
  };
}

function fill(put: string, groups: readonly unknown[]): string {
  return put.replace(/\$(\d)/g, (_, digit) => String(groups[Number(digit) - 1] ?? ''));
}

/** As it stands, since a wrong configuration is what a bundle is made for. */
function readConfiguration(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function secretsIn(value: unknown, key = ''): string[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, item]) => secretsIn(item, name));
  }
  if (typeof value !== 'string') return typeof value === 'number' && secretKey.test(key) ? [`${value}`] : [];
  if (/(password|username|token|key)File$/i.test(key)) return contentOf(value);
  return secretKey.test(key) ? [value] : [];
}

/** Files of `LoadCredential=underfoot:/etc/underfoot/credentials`; only root can read them. */
function credentialsBeside(configFile: string): string[] {
  const folder = join(dirname(configFile), 'credentials');
  try {
    return readdirSync(folder).flatMap((name) => contentOf(join(folder, name)));
  } catch {
    return [];
  }
}

function contentOf(file: string): string[] {
  try {
    const content = readFileSync(file, 'utf8').trim();
    return content.length <= longestFileBytes ? [content, content.split(/\r?\n/, 1)[0]] : [];
  } catch {
    return [];
  }
}
