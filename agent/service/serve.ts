import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DashboardConfig } from '../config/dashboard.ts';
import { ConfigError } from '../errors.ts';
import type { Prediction } from '../judge.ts';
import type { PipelineWatcher } from '../pipeline.ts';
import { agentActions } from './agent-actions.ts';
import { agentMetrics } from './agent-metrics.ts';
import type { AgentView } from './agent-view.ts';
import { PipelineFeed } from './dashboard/pipeline-feed.ts';
import { type Dashboard, startDashboard } from './dashboard/server.ts';
import { judgeHealth } from './health.ts';
import type { Logger } from './log.ts';
import type { Notifier } from './notify.ts';
import { AbsenceJudge } from './silence.ts';
import { stateView } from './state-view.ts';
import { type Progress, type Stall, startWatchdog, watchdogPeriodMs } from './watchdog.ts';

export interface ServeOptions {
  agent: AgentView;
  dashboard: DashboardConfig;
  /** Channel names in the order in which the device sends them. */
  protocolChannels: readonly string[];
  calibration: ConstructorParameters<typeof PipelineFeed>[3];
  logger: Logger;
  notifier: Notifier;
  env?: NodeJS.ProcessEnv;
}

export interface Serving {
  readonly url: string | undefined;
  /** Shows the present state on the dashboard and in `systemctl status`. */
  refresh(): void;
  close(): Promise<void>;
}

const refreshMs = 1000;
/** Without systemd the health page looks as often as this. */
const defaultPeriodMs = 60_000;

/**
 * Everything that others see of a running agent beside MQTT: systemd's watchdog and status line, the dashboard with its
 * stream, `/metrics`, `/healthz` and `/readyz`. Throws UserError when the dashboard's port is taken.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { agent, logger, notifier } = options;
  const { pipeline } = agent;
  const watcher = new PipelineFeed(
    pipeline,
    agent.model().card,
    options.protocolChannels,
    options.calibration,
  );
  const last = new LastPrediction();
  const absence = new AbsenceJudge();
  let stall: Stall | undefined;
  let recordingSinceMs: number | undefined;

  function progress(): Progress {
    const { state, opened } = agent.source();
    const { path } = pipeline.parts;
    const silenceMs = agent.config().source.silenceS * 1000;
    const facts = { state, opened, bytes: pipeline.bytes, silenceMs };
    const finished = agent.diagnostics.windows + pipeline.failedWindows + pipeline.droppedWindows;
    return {
      readings: path.counts.samples,
      windowsStarted: finished + pipeline.waiting,
      windowsFinished: finished,
      deviceAbsent: absence.isAbsent(facts, performance.now()),
    };
  }

  function refresh(): void {
    const recording = agent.recording?.state !== undefined;
    recordingSinceMs = recording ? (recordingSinceMs ?? Date.now()) : undefined;
    const wallMsOf = (timeUs: number): number => {
      const hostUs = pipeline.parts.path.toHostUs(timeUs);
      return Number.isNaN(hostUs) ? Date.now() : Date.now() - (performance.now() - hostUs / 1000);
    };
    watcher.feed.setState(stateView(agent, last.prediction?.drift, wallMsOf, recordingSinceMs));
    const text = statusText(agent, last.prediction);
    if (text !== lastStatus) notifier.status(text);
    lastStatus = text;
  }

  let lastStatus = '';
  pipeline.watchers.add(watcher);
  pipeline.watchers.add(last);
  const watchdog = startWatchdog({
    periodMs: watchdogPeriodMs(options.env ?? process.env, process.pid) ?? defaultPeriodMs,
    progress,
    feed: () => notifier.watchdog(),
    onStall(now) {
      stall = now;
      if (now) logger.error('nothing flows any more', { reason: now });
      else logger.info('data flows again');
    },
  });
  const dashboard = await openDashboard(options, watcher, {
    actions: agentActions(agent, refresh),
    metrics: () => agentMetrics(agent, last.view()),
    health: () =>
      judgeHealth({
        stall,
        modelLoaded: true,
        deviceAbsent: agent.source().state !== 'open',
        brokerConnected: agent.mqtt().connected,
      }),
  });
  refresh();
  const timer = setInterval(refresh, refreshMs);
  timer.unref();
  return {
    url: dashboard?.url,
    refresh,
    async close() {
      clearInterval(timer);
      watchdog.stop();
      pipeline.watchers.delete(watcher);
      pipeline.watchers.delete(last);
      await dashboard?.close();
    },
  };
}

async function openDashboard(
  { dashboard, logger }: ServeOptions,
  { feed }: PipelineFeed,
  parts: Pick<Parameters<typeof startDashboard>[0], 'actions' | 'metrics' | 'health'>,
): Promise<Dashboard | undefined> {
  if (dashboard === false) return undefined;
  const { host, port, tokenFile } = dashboard;
  const token = tokenFile === undefined ? undefined : readToken(tokenFile);
  const opened = await startDashboard({ host, port, token, feed, logger, ...parts });
  logger.info('dashboard is open', { url: opened.url });
  return opened;
}

const minTokenLength = 16;

function readToken(name: string): string {
  const folder = process.env.CREDENTIALS_DIRECTORY ?? '';
  const file = name.startsWith('credential:') ? join(folder, name.slice('credential:'.length)) : name;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? 'an error';
    throw new ConfigError([{ file: name, key: 'dashboard.tokenFile', found, expected: 'a readable file' }]);
  }
  if (token.length >= minTokenLength) return token;
  const found = `${token.length} characters`;
  throw new ConfigError([
    { file: name, key: 'dashboard.tokenFile', found, expected: `${minTokenLength} or more` },
  ]);
}

/** One line for `systemctl status`. */
function statusText(agent: AgentView, prediction: Prediction | undefined): string {
  const { state, reasons } = agent.status();
  const surface = prediction
    ? `${prediction.verdict.surface}, drift ${prediction.drift.state}`
    : 'no window yet';
  const recording = agent.recording?.state ? ', recording' : '';
  return state === 'online' ? `${surface}${recording}` : `${state}: ${reasons.join('; ')}${recording}`;
}

class LastPrediction implements PipelineWatcher {
  prediction: Prediction | undefined;

  onPrediction(prediction: Prediction): void {
    this.prediction = prediction;
  }

  view() {
    if (!this.prediction) return undefined;
    const { card, verdict, drift } = this.prediction;
    const probabilities = Object.fromEntries(
      card.labels.map((l, i) => [l, verdict.smoothedProbabilities[i]]),
    );
    return { surface: verdict.surface, confidence: verdict.confidence, probabilities, drift: drift.state };
  }
}
