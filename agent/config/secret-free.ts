/** Names of keys whose values are secrets. */
export const secretKey = /(password|passphrase|token|secret|apikey|privatekey)$/i;

/** A copy for showing and for support bundles: values of secret keys, and credentials in URLs, are taken out. */
export function secretFree<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => secretFree(item)) as T;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [
      key,
      secretKey.test(key) && typeof item === 'string' ? '(hidden)' : secretFree(item),
    ]);
    return Object.fromEntries(entries) as T;
  }
  if (typeof value === 'string') return value.replace(/:\/\/[^/@\s]+@/, '://(hidden)@') as T;
  return value;
}
