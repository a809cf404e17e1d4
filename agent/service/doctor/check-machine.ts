import { statfs } from 'node:fs/promises';
import { version } from '../../commands/version.ts';
import { type Check, ok, problem, skipped, warning } from './check.ts';

/** Node and systemd are new enough. */
export const checkVersions: Check = ({ run }) => {
  const node = process.versions.node;
  const [major, minor] = node.split('.').map(Number);
  const systemd = Number(/systemd (\d+)/.exec(run('systemctl', ['--version']).output)?.[1]);
  const found = `underfoot ${version}, Node ${node}, ${Number.isNaN(systemd) ? 'no systemd' : `systemd ${systemd}`}, ${process.arch}`;
  if (major < 20 || (major === 20 && minor < 19))
    return problem('versions', found, 'install Node 20.19 or newer');
  if (systemd < 246) return problem('versions', found, 'the service needs systemd 246 or newer');
  return ok('versions', found);
};

/** Wall time is right: it dates recordings and messages, and certificates are checked against it. */
export const checkClock: Check = ({ run }) => {
  const now = new Date();
  const { code, output } = run('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  const time = now.toISOString().slice(0, 19);
  if (now.getUTCFullYear() < 2025)
    return problem('clock', time, 'set the clock: sudo timedatectl set-ntp true');
  if (code !== 0) return skipped('clock', `${time}; timedatectl cannot say whether it is synchronised`);
  if (output === 'yes') return ok('clock', `${time}, synchronised`);
  return warning(
    'clock',
    `${time}, not synchronised`,
    'sudo timedatectl set-ntp true; messages say so meanwhile',
  );
};

const goodBytes = 2e9;
const leastBytes = 300e6;

/** There is room for recordings. */
export const checkDisk: Check = async ({ stateFolder }) => {
  try {
    const { bavail, bsize } = await statfs(stateFolder);
    const free = bavail * bsize;
    const found = `${(free / 1e9).toFixed(1)} GB free at ${stateFolder}`;
    if (free < leastBytes) return problem('disk', found, 'remove old sessions, or recordings will stop');
    if (free < goodBytes) return warning('disk', found, 'remove old sessions soon');
    return ok('disk', found);
  } catch {
    return skipped('disk', `${stateFolder} is not there: not installed as a service`);
  }
};

/** The service is there, enabled, running, and not restarted again and again. */
export const checkUnit: Check = ({ run }) => {
  const properties = [
    'LoadState',
    'ActiveState',
    'SubState',
    'UnitFileState',
    'NRestarts',
    'StatusText',
    'Result',
  ];
  const { code, output } = run('systemctl', ['show', 'underfoot.service', `--property=${properties.join()}`]);
  if (code !== 0) return skipped('unit', 'systemd does not run here');
  const unit = Object.fromEntries(
    output.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  if (unit.LoadState !== 'loaded') return warning('unit', 'not installed', 'sudo underfoot install');
  const found = `${unit.ActiveState} (${unit.SubState}), ${unit.UnitFileState}, ${unit.NRestarts} restarts${unit.StatusText ? `; ${unit.StatusText}` : ''}`;
  if (unit.ActiveState !== 'active') {
    return problem(
      'unit',
      `${found}; ${unit.Result}`,
      'journalctl -u underfoot -n 50 says why; then: sudo systemctl start underfoot',
    );
  }
  if (unit.UnitFileState !== 'enabled') {
    return warning('unit', found, 'it does not start at boot: sudo systemctl enable underfoot');
  }
  if (Number(unit.NRestarts) > 3)
    return warning('unit', found, 'journalctl -u underfoot -p warning says why');
  return ok('unit', found);
};

const mostExposed = 1.6;

/** Nothing has loosened the unit's hardening. */
export const checkHardening: Check = ({ run }) => {
  const { output } = run('systemd-analyze', ['security', '--no-pager', 'underfoot.service']);
  const exposure = Number(/Overall exposure level for underfoot.service: ([\d.]+)/.exec(output)?.[1]);
  if (Number.isNaN(exposure)) return skipped('hardening', 'systemd-analyze does not know the unit here');
  const found = `exposure ${exposure} of 10`;
  if (exposure <= mostExposed) return ok('hardening', found);
  return warning('hardening', found, 'an override loosens it: systemctl cat underfoot');
};
