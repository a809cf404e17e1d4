import { Agent, type AgentOptions } from '../agent.ts';
import type { PipelineWatcher } from '../pipeline.ts';
import type { Logger } from './log.ts';
import { createNotifier, type Notifier } from './notify.ts';
import { type Serving, serve } from './serve.ts';

export interface ServiceOptions extends Omit<AgentOptions, 'onRestart'> {
  readonly notifier?: Notifier;
  /** Watches every window from the first one on. */
  readonly watcher?: PipelineWatcher;
  /** Called once all is up; `url` is the dashboard's. */
  readonly onReady?: (agent: Agent, url: string | undefined) => void;
  /** Ends the service as a signal would. */
  readonly signal?: AbortSignal;
}

/**
 * Runs an agent with its dashboard as a service until SIGTERM, SIGINT or a request to restart: tells systemd when it is
 * ready, and reloads at SIGHUP. Resolves when everything is closed. Rejects where it cannot start.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { logger } = options;
  const notifier =
    options.notifier ??
    createNotifier({ onError: (error) => logger.warn('systemd was not reached', { error: error.message }) });
  const end = endOf(options.signal);
  const agent = await Agent.start({ ...options, onRestart: end.now });
  if (options.watcher) agent.pipeline.watchers.add(options.watcher);
  let serving: Serving | undefined;
  const reloads = new Reloads(logger, async () => {
    notifier.reloading();
    try {
      await agent.reload();
      await serving?.close();
      serving = await show(agent, notifier);
    } finally {
      notifier.ready();
    }
  });
  try {
    serving = await show(agent, notifier);
    process.on('SIGHUP', reloads.ask);
    notifier.ready();
    logger.info('underfoot is running', { version: options.version, robotId: agent.config().robotId });
    options.onReady?.(agent, serving.url);
    await end.ended;
  } finally {
    process.removeListener('SIGHUP', reloads.ask);
    notifier.stopping('stopping');
    await reloads.idle;
    await serving?.close();
    await agent.stop();
    await notifier.flush();
    end.forget();
  }
}

function show(agent: Agent, notifier: Notifier): Promise<Serving> {
  return serve({
    agent,
    dashboard: agent.config().dashboard,
    protocolChannels: agent.protocolChannels,
    calibration: agent.calibration,
    logger: agent.logger,
    notifier,
  });
}

/** One reload at a time; what is wrong with a new configuration is logged, and the old one goes on. */
class Reloads {
  idle: Promise<void> = Promise.resolve();
  readonly #logger: Logger;
  readonly #reload: () => Promise<void>;

  constructor(logger: Logger, reload: () => Promise<void>) {
    this.#logger = logger;
    this.#reload = reload;
  }

  readonly ask = (): void => {
    this.idle = this.idle
      .then(this.#reload)
      .catch((error: Error) => this.#logger.error('not reloaded', { reason: error.message }));
  };
}

/** How long an answer to a request may take to leave before the service ends. */
const restartDelayMs = 200;

/** A signal within so long of the first is the same wish: npm passes on what the terminal has sent already. */
const sameWishMs = 1000;

/** Resolves `ended` at the first signal to end. A later one, for the impatient, ends the process at once. */
function endOf(signal: AbortSignal | undefined) {
  let resolve: () => void = () => undefined;
  const ended = new Promise<void>((done) => {
    resolve = done;
  });
  let firstMs: number | undefined;
  const forget = () => {
    for (const name of signals) process.removeListener(name, onSignal);
    signal?.removeEventListener('abort', resolve);
  };
  const onSignal = (name: NodeJS.Signals) => {
    firstMs ??= performance.now();
    resolve();
    if (performance.now() - firstMs < sameWishMs) return;
    forget();
    process.kill(process.pid, name);
  };
  for (const name of signals) process.on(name, onSignal);
  signal?.addEventListener('abort', resolve);
  if (signal?.aborted) resolve();
  return { ended, forget, now: () => void setTimeout(resolve, restartDelayMs) };
}

const signals = ['SIGTERM', 'SIGINT'] as const;
