import { ConfigError } from '../../errors.ts';

/** A foreign model that cannot be taken over; says which layer, what was found and what would do. */
export function refused(file: string, key: string, found: string, expected: string): ConfigError {
  return new ConfigError([{ file, key, found, expected }]);
}
