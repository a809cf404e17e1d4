/**
 * An error that the person at the keyboard can act on: it names where (file), what (key), what was found and what was
 * expected. The command line prints its message without a stack trace and ends with `exitCode`
 * (sysexits.h: 64 usage, 65 bad data, 66 no input, 69 unavailable, 74 I/O, 78 configuration).
 */
export class UserError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}

/** What is wrong with one place in one file. */
export interface Finding {
  readonly file: string;
  /** Dotted path of the key or `line N`; empty for the file as a whole. */
  readonly key?: string;
  readonly found: string;
  readonly expected: string;
}

/** `KEY: found X, expected Y`: a finding where the file goes without saying. */
export function inWords({ key, found, expected }: Omit<Finding, 'file'>): string {
  return `${key ? `${key}: ` : ''}found ${found}, expected ${expected}`;
}

/** `FILE: KEY: found X, expected Y`, one line a finding. */
function describe(findings: readonly Finding[]): string {
  return findings.map((finding) => `${finding.file}: ${inWords(finding)}`).join('\n');
}

/** A configuration, model card or calibration that cannot be used (exit 78). */
export class ConfigError extends UserError {
  readonly findings: readonly Finding[];
  constructor(findings: readonly Finding[]) {
    super(describe(findings), 78);
    this.name = 'ConfigError';
    this.findings = findings;
  }
}

/** A data file that cannot be used (exit 65). */
export class DataError extends UserError {
  constructor(finding: Finding) {
    super(describe([finding]), 65);
    this.name = 'DataError';
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'no permission to read it',
  EISDIR: 'a folder',
  ENOTDIR: 'a file in place of a folder',
};

/** A file or folder that the system would not let us read, `error` being what it said (exit 66). */
export function unreadable(path: string, error: unknown): UserError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new UserError(`${path}: cannot be read: found ${REASONS[code ?? ''] ?? code ?? message}`, 66);
}
