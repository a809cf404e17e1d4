import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../errors.ts';

/** Three tries with growing, jittered pauses: a server may be busy when a whole fleet comes. */
export async function retry<T>(action: () => Promise<T>, signal: AbortSignal, baseMs = 4000): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt === 3 || signal.aborted || error instanceof UserError) throw error;
      await delay(baseMs * attempt * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}
