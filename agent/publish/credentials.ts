import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../errors.ts';

/**
 * Where secrets and certificates are read from. Each is a file name, or `credential:NAME` for a systemd credential
 * (`LoadCredential=`), which systemd puts into $CREDENTIALS_DIRECTORY. A secret itself never stands in a configuration,
 * on a command line or in a log.
 */
export interface CredentialFiles {
  readonly usernameFile?: string;
  readonly passwordFile?: string;
  /** PEM: who may have signed the broker's certificate; without it, what Node.js trusts. */
  readonly caFile?: string;
  /** PEM: certificate and key of this robot, for mutual TLS. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Reads all that are named. Throws ConfigError; never puts a content into a message. */
export function readCredentials(files: CredentialFiles): Credentials {
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    const missing = files.certFile === undefined ? 'certFile' : 'keyFile';
    throw new ConfigError([
      {
        file: 'configuration',
        key: `mqtt.${missing}`,
        found: 'nothing',
        expected: 'both certFile and keyFile',
      },
    ]);
  }
  return {
    username: line(read(files.usernameFile, 'usernameFile')),
    password: line(read(files.passwordFile, 'passwordFile')),
    ca: pem(files.caFile, 'caFile', 'CERTIFICATE'),
    cert: pem(files.certFile, 'certFile', 'CERTIFICATE'),
    key: pem(files.keyFile, 'keyFile', 'PRIVATE KEY'),
  };
}

/**
 * The same files without those that are systemd credentials where there are none: what a person at a terminal can
 * check of the configuration of a service.
 */
export function withoutCredentials(files: CredentialFiles): CredentialFiles {
  if (process.env.CREDENTIALS_DIRECTORY !== undefined) return files;
  const { usernameFile, passwordFile, caFile, certFile, keyFile } = files;
  const isPair = ![certFile, keyFile].some((name) => name?.startsWith('credential:'));
  const here = (name: string | undefined) => (name?.startsWith('credential:') ? undefined : name);
  return {
    usernameFile: here(usernameFile),
    passwordFile: here(passwordFile),
    caFile: here(caFile),
    ...(isPair ? { certFile, keyFile } : {}),
  };
}

/** Secret files that others on this machine can read, for a warning at start. */
export function exposedFiles(files: CredentialFiles): string[] {
  return [files.passwordFile, files.keyFile].filter((name): name is string => {
    if (name === undefined || name.startsWith('credential:')) return false;
    return (statSync(name).mode & 0o007) !== 0;
  });
}

function read(name: string | undefined, key: string): Buffer | undefined {
  if (name === undefined) return undefined;
  try {
    return readFileSync(resolve(name, key));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new ConfigError([{ file: name, key: `mqtt.${key}`, found: code, expected: 'a readable file' }]);
  }
}

function resolve(name: string, key: string): string {
  if (!name.startsWith('credential:')) return name;
  const folder = process.env.CREDENTIALS_DIRECTORY;
  const credential = name.slice('credential:'.length);
  if (folder === undefined || !/^[A-Za-z0-9_.-]+$/.test(credential)) {
    throw new ConfigError([
      {
        file: name,
        key: `mqtt.${key}`,
        found: folder === undefined ? 'no $CREDENTIALS_DIRECTORY' : 'a name with other characters',
        expected: 'credential:NAME under a systemd unit with LoadCredential=NAME:FILE',
      },
    ]);
  }
  return join(folder, credential);
}

/** A PEM file with at least one block of a kind: Node.js passes over a `caFile` without one, and then trusts nobody. */
function pem(name: string | undefined, key: string, kind: 'CERTIFICATE' | 'PRIVATE KEY'): Buffer | undefined {
  const content = read(name, key);
  if (
    content === undefined ||
    new RegExp(`-----BEGIN ([A-Z]+ )*${kind}-----`).test(content.toString('latin1'))
  )
    return content;
  const found = `no ${kind.toLowerCase()}`;
  throw new ConfigError([{ file: name as string, key: `mqtt.${key}`, found, expected: `a ${kind} in PEM` }]);
}

/** First line of a file: editors end a secret with a newline that is no part of it. */
function line(content: Buffer | undefined): string | undefined {
  return content?.toString('utf8').split(/\r?\n/, 1)[0];
}
