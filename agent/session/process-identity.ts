import { readdirSync, readFileSync, statSync } from 'node:fs';

/** What tells one process from all others, also after a restart of the machine; undefined where it does not run. */
export function processIdentity(pid: number): { pid: string; bootId: string; started: string } | undefined {
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Field 22, counted after the command, which stands in brackets and may hold blanks.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return { pid: String(pid), bootId, started };
  } catch {
    return undefined;
  }
}

/** Whether a process has the file open; undefined where that is not ours to know (another user's process). */
export function hasOpen(pid: number, file: string): boolean | undefined {
  try {
    const { dev, ino } = statSync(file);
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const open = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false });
      return open !== undefined && open.dev === dev && open.ino === ino;
    });
  } catch {
    return undefined;
  }
}
