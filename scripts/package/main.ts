/** `npm run package [-- amd64 arm64]`: builds the Debian packages into out/. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { packageRoot } from '../../agent/package-root.ts';
import { debianNames, makeDeb } from './deb.ts';

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!(name in debianNames)) {
    console.error(`package: found ${name}, expected ${Object.keys(debianNames).join(' or ')}`);
    process.exit(64);
  }
}
execFileSync('npm', ['run', '-s', 'build'], { cwd: packageRoot, stdio: 'inherit' });
for (const architecture of wanted.length > 0 ? wanted : Object.keys(debianNames)) {
  const file = makeDeb({ packageRoot, outputFolder: 'out', architecture });
  console.log(`${file}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
}
