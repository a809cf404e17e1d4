import type { AgentView } from './agent-view.ts';
import { byLabel, counter, formatMetrics, gauge, type Metric } from './metrics.ts';

const driftLevels = { warming: 0, stable: 1, warning: 2, drift: 3 } as const;

/** What the last window said; the labels of the model with their smoothed probabilities. */
export interface LastWindow {
  surface: string;
  confidence: number;
  probabilities: Readonly<Record<string, number>>;
  drift: keyof typeof driftLevels;
}

/** `/metrics`: the same numbers as `diagnostics`, for Prometheus. */
export function agentMetrics(agent: AgentView, last: LastWindow | undefined): string {
  const d = agent.diagnostics.body();
  const { connected, counters } = agent.mqtt();
  const { card } = agent.model();
  const number = (value: number | null): number => value ?? Number.NaN;
  const seconds = (ms: number | null): number => (ms === null ? Number.NaN : ms / 1000);
  const metrics: Metric[] = [
    byInfo('build_info', 'Version of the agent and of its model', {
      version: agent.version,
      model: `${card.name}@${card.version}`,
    }),
    gauge('uptime_seconds', 'Since the agent started', d.uptimeS),
    gauge('source_open', 'Whether the port is open', Number(agent.source().state === 'open')),
    counter('source_opens', 'Times that the port was opened', agent.source().opened),
    gauge('sample_rate_hertz', 'Samples arriving', number(d.sampleRateHz)),
    gauge('window_rate_hertz', 'Windows classified', number(d.windowRateHz)),
    counter('received_bytes', 'Bytes from the device', d.bytes),
    counter('discarded_bytes', 'Bytes that were no part of a valid frame', d.discardedBytes),
    byLabel(counter('discarded_frames', 'Frames refused, by reason', 0), 'reason', d.discardedFrames ?? {}),
    ...(d.pollTimeouts === undefined
      ? []
      : [counter('poll_timeouts', 'Requests that the device did not answer in time', d.pollTimeouts)]),
    counter('samples', 'Samples decoded', d.samples),
    counter('windows', 'Windows classified', d.windows),
    counter('gaps', 'Gaps; each restarts the window', d.gaps),
    gauge('window_queue', 'Windows waiting for the classifier', d.queue),
    counter('dropped_windows', 'Windows dropped or failed', d.droppedWindows),
    byLabel(
      gauge('inference_seconds', 'Time in the model, by quantile of the last 256 windows', 0),
      'quantile',
      {
        '0.5': seconds(d.inferenceMs.p50),
        '0.99': seconds(d.inferenceMs.p99),
      },
    ),
    gauge('resident_memory_bytes', 'Resident memory', d.memoryBytes),
    gauge('broker_connected', 'Whether the broker is reached', Number(connected)),
    counter('mqtt_messages_sent', 'Messages handed to the broker', counters.sent),
    byLabel(counter('mqtt_messages_dropped', 'Messages never sent, by topic', 0), 'topic', counters.dropped),
    counter('mqtt_reconnects', 'Connections after the first', counters.reconnects),
    ...(d.commands === undefined
      ? []
      : [
          counter('requests', 'Requests over MQTT', d.commands.received),
          counter('requests_refused', 'Requests answered with an error', d.commands.refused),
          counter('requests_ignored', 'Requests that were not even answered', d.commands.ignored),
        ]),
    gauge('outbox_messages', 'Messages waiting for the broker', counters.outboxMessages),
    gauge('outbox_bytes', 'Bytes waiting for the broker', counters.outboxBytes),
    gauge('recording', 'Whether a session is being recorded', Number(agent.recording?.state !== undefined)),
  ];
  if (last) {
    metrics.push(
      gauge('confidence_ratio', 'Confidence of the last window', last.confidence),
      byLabel(
        gauge('surface_probability_ratio', 'Smoothed probability of each surface', 0),
        'surface',
        last.probabilities,
      ),
      byLabel(gauge('surface', 'The surface to act on', 0), 'surface', { [last.surface]: 1 }),
      gauge('drift_state', '0 warming, 1 stable, 2 warning, 3 drift', driftLevels[last.drift]),
    );
  }
  return formatMetrics(metrics);
}

/** Prometheus' way to carry texts: a gauge of 1 with the texts as labels. */
function byInfo(name: string, help: string, labels: Readonly<Record<string, string>>): Metric {
  return { ...gauge(name, help, 1), values: [{ labels, value: 1 }] };
}
