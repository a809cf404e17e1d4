import { execFile } from 'node:child_process';

/**
 * systemd's notification protocol (sd_notify(3)): tells the manager that the service is ready, reloading, stopping,
 * alive, and what it is doing.
 *
 * Node has no AF_UNIX datagram sockets, so systemd's own `systemd-notify` sends each message. It needs
 * `NotifyAccess=all` in the unit, and systemd >= 246, where it waits until the manager has read the message
 * before it exits (older ones could lose it). It knows path, abstract (`@`) and vsock addresses.
 */
export interface Notifier {
  /** False when not started by systemd: every call is then a no-op. */
  readonly active: boolean;
  /** Messages that could not be sent. */
  readonly failures: number;
  ready(status?: string): void;
  reloading(): void;
  stopping(status?: string): void;
  status(text: string): void;
  watchdog(): void;
  /** Resolves when everything so far was taken by the manager, or has failed. */
  flush(): Promise<void>;
}

export interface NotifierOptions {
  env?: NodeJS.ProcessEnv;
  command?: string;
  /** Called when a message could not be sent; the agent goes on. */
  onError?: (error: Error) => void;
}

type Message = Map<string, string>;

/** Longer status lines are cut: they are for `systemctl status`. */
const maxStatusLength = 200;
const timeoutMs = 10_000;

export function createNotifier(options: NotifierOptions = {}): Notifier {
  const env = options.env ?? process.env;
  const command = options.command ?? 'systemd-notify';
  const active = Boolean(env.NOTIFY_SOCKET);
  /** Not yet sent, in order; bounded because a repeated state replaces itself. */
  const queue: Message[] = [];
  let sending: Promise<void> | undefined;
  let failures = 0;

  function send(state: 'READY' | 'RELOADING' | 'STOPPING' | undefined, fields: Record<string, string>): void {
    if (!active) return;
    const last = queue.at(-1);
    // States must arrive one by one and in order; status and watchdog only ever need their newest value.
    const joins = last !== undefined && (state === undefined || last.has(state));
    const message: Message = joins ? last : new Map();
    for (const [key, value] of Object.entries(fields)) message.set(key, value);
    if (!joins) queue.push(message);
    sending ??= drain();
  }

  async function drain(): Promise<void> {
    // Let calls of the same turn join one message.
    await Promise.resolve();
    for (let message = queue.shift(); message; message = queue.shift()) {
      const error = await run(message);
      if (error) {
        failures++;
        options.onError?.(error);
      }
    }
    sending = undefined;
  }

  function run(message: Message): Promise<Error | null> {
    const args = [...message].map(([key, value]) => `${key}=${value}`);
    return new Promise((resolve) =>
      execFile(command, args, { env, timeout: timeoutMs }, (error) => resolve(error)),
    );
  }

  const statusField = (text: string | undefined): Record<string, string> =>
    text === undefined ? {} : { STATUS: text.replaceAll(/\s+/g, ' ').slice(0, maxStatusLength) };

  return {
    active,
    get failures() {
      return failures;
    },
    ready: (status) => send('READY', { READY: '1', ...statusField(status) }),
    reloading: () => send('RELOADING', { RELOADING: '1', MONOTONIC_USEC: monotonicUs() }),
    stopping: (status) => send('STOPPING', { STOPPING: '1', ...statusField(status) }),
    status: (text) => send(undefined, statusField(text)),
    watchdog: () => send(undefined, { WATCHDOG: '1' }),
    flush: async () => {
      while (sending) await sending;
    },
  };
}

/** CLOCK_MONOTONIC in microseconds, which is what `process.hrtime` reads on Linux. */
function monotonicUs(): string {
  return String(process.hrtime.bigint() / 1000n);
}
