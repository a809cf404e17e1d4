import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why tests with certificates must be skipped, or false. */
export const noOpenssl: string | false = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'openssl is not installed (apt install openssl)';
  }
})();

/** A throw-away certificate authority in a folder of its own. */
export class TestAuthority {
  readonly folder = mkdtempSync(join(tmpdir(), 'underfoot-ca-'));
  readonly caFile = join(this.folder, 'ca.crt');

  constructor(name = 'underfoot test authority') {
    const key = join(this.folder, 'ca.key');
    this.#openssl(
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -addext basicConstraints=critical,CA:TRUE',
      ['-subj', `/CN=${name}`, '-keyout', key, '-out', this.caFile],
    );
  }

  /** A certificate for `name`, also good for the given DNS names and addresses. */
  issue(name: string, alternatives = 'DNS:localhost'): { certFile: string; keyFile: string } {
    const [keyFile, request, certFile, extensions] = ['key', 'csr', 'crt', 'ext'].map((end) =>
      join(this.folder, `${name}.${end}`),
    );
    this.#openssl('req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes', [
      '-subj',
      `/CN=${name}`,
      '-keyout',
      keyFile,
      '-out',
      request,
    ]);
    writeFileSync(extensions, `subjectAltName=${alternatives}\n`);
    this.#openssl('x509 -req -days 2 -CAcreateserial', [
      ...['-in', request, '-CA', this.caFile, '-CAkey', join(this.folder, 'ca.key')],
      ...['-out', certFile, '-extfile', extensions],
    ]);
    return { certFile, keyFile };
  }

  #openssl(words: string, rest: string[]): void {
    execFileSync('openssl', [...words.split(' '), ...rest], { stdio: 'ignore' });
  }
}
