import type { DriftState } from '../drift/state.ts';
import type { ModelCard } from '../model/card.ts';
import { secretFree } from '../publish/broker-options.ts';
import type { AgentView } from './agent-view.ts';
import type { DriftView, Figure, ModelView, RecordingView, StateView } from './dashboard/view.ts';
import { driftWords } from './drift-words.ts';

/** What the dashboard shows of everything that changes slowly. `drift` is that of the last window. */
export function stateView(
  agent: AgentView,
  drift: DriftState | undefined,
  wallMsOf: (timeUs: number) => number,
  recordingSinceMs: number | undefined,
): StateView {
  const { card, classifier } = agent.model();
  const { quantiles } = card.reference.confidence;
  const config = agent.config();
  return {
    robotId: config.robotId,
    version: agent.version,
    startedMs: agent.startedMs,
    nowMs: Date.now(),
    source: agent.source().name,
    broker: secretFree(config.mqtt.url),
    channels: card.channels.map(({ name, unit }) => ({ name, unit })),
    model: modelView(card, true, classifier.engine),
    confidenceBand: { low: quantiles[1], middle: quantiles[3], high: quantiles[5] },
    status: agent.status(),
    drift: drift ? driftView(drift, wallMsOf) : { state: 'unknown', reasons: [] },
    recording: recordingView(agent, recordingSinceMs),
    figures: figures(agent),
    can: {
      record: agent.recording !== undefined,
      sessions: agent.sessionsFolder !== undefined,
      models: agent.activateModel !== undefined,
    },
  };
}

export function modelView(card: ModelCard, active: boolean, engine?: string): ModelView {
  return {
    name: card.name,
    version: card.version,
    description: card.description,
    labels: card.labels,
    rateHz: card.rateHz,
    simulated: card.simulated,
    engine,
    balancedAccuracy: card.heldOut.smoothed.balancedAccuracy,
    active,
  };
}

function driftView(drift: DriftState, wallMsOf: (timeUs: number) => number): DriftView {
  return { state: drift.state, reasons: driftWords(drift), sinceMs: wallMsOf(drift.sinceUs) };
}

function recordingView(agent: AgentView, sinceMs: number | undefined): RecordingView {
  const { recording } = agent;
  if (!recording) return { active: false };
  const { state, sessionId, label, bytes, freeBytes } = recording.body;
  return {
    active: state === 'recording',
    session: sessionId ?? undefined,
    label: label ?? undefined,
    startedMs: state === 'recording' ? sinceMs : undefined,
    bytes,
    freeBytes: freeBytes ?? undefined,
  };
}

function figures(agent: AgentView): Figure[] {
  const d = agent.diagnostics.body();
  const { counters, connected } = agent.mqtt();
  const { card } = agent.model();
  const slow = d.sampleRateHz !== null && d.sampleRateHz < 0.9 * card.rateHz;
  const freeBytes = agent.recording?.body.freeBytes ?? null;
  return [
    { name: 'Readings', value: show(d.sampleRateHz), unit: 'Hz', alarm: slow },
    { name: 'Windows', value: show(d.windowRateHz), unit: 'Hz' },
    { name: 'Gaps', value: String(d.gaps) },
    { name: 'Discarded', value: String(d.discardedBytes), unit: 'bytes' },
    { name: 'Inference, 99 of 100', value: show(d.inferenceMs.p99), unit: 'ms' },
    {
      name: connected ? 'Outbox' : 'Outbox, broker away',
      value: String(counters.outboxMessages),
      unit: 'messages',
      alarm: !connected,
    },
    { name: 'Memory', value: (d.memoryBytes / 1e6).toFixed(0), unit: 'MB' },
    ...(freeBytes === null
      ? []
      : [{ name: 'Disk free', value: (freeBytes / 1e9).toFixed(1), unit: 'GB', alarm: freeBytes < 1e9 }]),
  ];
}

function show(value: number | null): string {
  return value === null || !Number.isFinite(value) ? '–' : String(Number(value.toPrecision(4)));
}
