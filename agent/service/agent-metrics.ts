import type { DiagnosticsBody } from '../publish/payloads.ts';
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
  const number = (value: number | null | undefined): number => value ?? Number.NaN;
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
    counter('poll_timeouts', 'Requests that the device did not answer in time', number(d.pollTimeouts)),
    counter('dropped_writes', 'Requests not sent to a device whose port was closed', number(d.droppedWrites)),
    counter('samples', 'Samples decoded', d.samples),
    ...signalMetrics(d.signal),
    counter('windows', 'Windows classified', d.windows),
    counter('gaps', 'Gaps; each restarts the window', d.gaps),
    gauge('window_queue', 'Windows waiting for the classifier', d.queue),
    counter('dropped_windows', 'Windows dropped or failed', d.droppedWindows),
    counter(
      'drift_skipped_windows',
      'Windows across a change of surface, not compared for drift',
      number(d.driftSkippedWindows),
    ),
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
    counter(
      'recording_lost_samples',
      'Samples missing from recordings: the disk was too slow, full or gone',
      number(d.lostRecordingSamples),
    ),
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

/** Drops, restarts and clock faults on the way from reading to window. */
function signalMetrics(signal: DiagnosticsBody['signal']): Metric[] {
  if (!signal) return [];
  const outOfRange = Object.fromEntries(signal.channels.map((c) => [c.name, c.outOfRange]));
  return [
    counter('lost_samples', 'Samples missing from the sequence numbers', signal.lostSamples),
    counter('refused_samples', 'Samples with a number that is not finite', signal.refusedSamples),
    counter('late_samples', 'Samples with a time before that of the newest one', signal.lateSamples ?? 0),
    byLabel(counter('out_of_range_samples', 'Samples at or beyond a limit', 0), 'channel', outOfRange),
    counter('window_restarts', 'Times that the window began anew', signal.windowRestarts),
    counter('device_resets', "Times that the device's clock began anew", signal.deviceResets),
    counter('clock_jumps', "Times that the device's clock broke by more than a second", signal.clockJumps),
  ];
}

/** Prometheus' way to carry texts: a gauge of 1 with the texts as labels. */
function byInfo(name: string, help: string, labels: Readonly<Record<string, string>>): Metric {
  return { ...gauge(name, help, 1), values: [{ labels, value: 1 }] };
}
