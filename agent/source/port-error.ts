import { readFile, stat } from 'node:fs/promises';

/** Why a port could not be opened and what to do about it, in one line. */
export async function explainOpenError(path: string, error: Error): Promise<string> {
  const { message } = error;
  if (/permission denied|EACCES/i.test(message)) {
    const group = await groupOf(path);
    return `${path}: permission denied: add the user to the group ${group} (sudo usermod -aG ${group} USER), then log in again`;
  }
  if (/no such file|ENOENT/i.test(message)) {
    return `${path}: no such port: is it plugged in? \`underfoot ports\` lists what there is`;
  }
  if (/cannot lock|EBUSY|temporarily unavailable/i.test(message)) {
    return `${path}: in use by another program (fuser -v ${path} names it; ModemManager is a usual one)`;
  }
  return `${path}: ${message.replace(/^Error:? /, '')}`;
}

/** Name of the group that owns a device: dialout on Debian, uucp elsewhere. */
async function groupOf(path: string): Promise<string> {
  try {
    const { gid } = await stat(path);
    const groups = await readFile('/etc/group', 'utf8');
    const line = groups.split('\n').find((l) => Number(l.split(':')[2]) === gid);
    const name = line?.split(':')[0] ?? String(gid);
    return name === 'root' ? 'dialout' : name;
  } catch {
    return 'dialout';
  }
}
