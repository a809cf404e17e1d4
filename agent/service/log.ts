import { isatty } from 'node:tty';
import pino from 'pino';
import pretty from 'pino-pretty';

type LogFields = Record<string, unknown>;

/** What the rest of the agent sees of logging. Fields carry their units in their names, as everywhere. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
type LogFormat = 'auto' | 'json' | 'pretty';

export interface LoggerOptions {
  level?: LogLevel;
  /** `auto`: pretty on a terminal, JSON lines everywhere else. */
  format?: LogFormat;
  /** Lines of one message let through a minute; the rest are counted in `suppressed` of the next one. */
  perMinute?: number;
  env?: NodeJS.ProcessEnv;
  write?: (line: string) => void;
  nowMs?: () => number;
}

/** Logs to standard error, so that a command's standard output stays clean. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const env = options.env ?? process.env;
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const onTerminal = options.write === undefined && isatty(2);
  const format = (options.format ?? 'auto') === 'auto' ? (onTerminal ? 'pretty' : 'json') : options.format;
  const stream =
    format === 'pretty' ? prettyStream(write, onTerminal) : jsonStream(write, Boolean(env.JOURNAL_STREAM));
  const sink = pino(
    {
      level: options.level ?? 'info',
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields) =>
    sink[level](fields ?? {}, message);
  const plain: Logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
  return limitRate(plain, options.perMinute ?? 6, options.nowMs ?? (() => performance.now()));
}

/** More different messages than this in a minute share one limit, so that memory stays bounded. */
const maxKeys = 500;
const minuteMs = 60_000;

/**
 * Lets each message through `perMinute` times a minute, and says in the next one how many were suppressed. The
 * message is the key, so anything that varies belongs into the fields.
 */
function limitRate(logger: Logger, perMinute: number, nowMs: () => number): Logger {
  const seen = new Map<string, { sinceMs: number; lines: number; suppressed: number }>();

  function limited(level: keyof Logger) {
    return (message: string, fields?: LogFields): void => {
      const now = nowMs();
      const key = seen.has(message) || seen.size < maxKeys ? message : '';
      const entry = seen.get(key) ?? { sinceMs: now, lines: 0, suppressed: 0 };
      seen.set(key, entry);
      if (now - entry.sinceMs >= minuteMs) {
        entry.sinceMs = now;
        entry.lines = 0;
      }
      if (entry.lines >= perMinute) {
        entry.suppressed++;
        return;
      }
      entry.lines++;
      const suppressed = entry.suppressed;
      entry.suppressed = 0;
      logger[level](message, suppressed > 0 ? { ...fields, suppressed } : fields);
    };
  }
  return {
    debug: limited('debug'),
    info: limited('info'),
    warn: limited('warn'),
    error: limited('error'),
  };
}

function prettyStream(write: (line: string) => void, colorize: boolean): pino.DestinationStream {
  const format = pretty.prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' });
  return { write: (line) => write(format(JSON.parse(line))) };
}

/** Under the journal each line begins with syslog's `<priority>`, which journald takes off: `journalctl -p warning` works. */
function jsonStream(write: (line: string) => void, journal: boolean): pino.DestinationStream {
  if (!journal) return { write };
  const priorities: Record<number, string> = { 20: '<7>', 30: '<6>', 40: '<4>', 50: '<3>' };
  const stream = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 30,
    write(line: string): void {
      write((priorities[this.lastLevel] ?? '') + line);
    },
  };
  return stream;
}
