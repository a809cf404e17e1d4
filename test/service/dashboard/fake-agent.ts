import { Readable } from 'node:stream';
import { UserError } from '../../../agent/errors.ts';
import type { DashboardActions } from '../../../agent/service/dashboard/actions.ts';
import { LiveFeed } from '../../../agent/service/dashboard/feed.ts';
import { type Dashboard, startDashboard } from '../../../agent/service/dashboard/server.ts';
import type { ModelView, SessionView, StateView } from '../../../agent/service/dashboard/view.ts';
import { createLogger } from '../../../agent/service/log.ts';
import { Random } from '../../../agent/simulate/random.ts';

export const labels = ['ASPHALT', 'CONCRETE', 'GRASS', 'GRAVEL', 'SAND', 'WET_GRASS'];

const model: ModelView = {
  name: 'field-six-surfaces',
  version: '3',
  description: 'test model',
  labels,
  rateHz: 50,
  simulated: false,
  engine: 'onnxruntime-node',
  balancedAccuracy: 0.94,
  active: true,
};

export interface FakeAgent {
  dashboard: Dashboard;
  feed: LiveFeed;
  state: StateView;
  /** Calls that the page made, in order. */
  calls: string[];
  setState(change: Partial<StateView>): void;
}

/** A dashboard over an invented agent with ten minutes of history that ends at `endMs`. */
export async function startFakeAgent(
  options: { token?: string; host?: string; endMs?: number } = {},
): Promise<FakeAgent> {
  const feed = new LiveFeed(2);
  const endMs = options.endMs ?? Date.now();
  const calls: string[] = [];
  let state = firstState(endMs);
  const setState = (change: Partial<StateView>): void => {
    state = { ...state, ...change };
    agent.state = state;
    feed.setState(state);
  };
  const sessions: SessionView[] = [
    {
      id: '2026-11-24T0912-GRAVEL',
      startedMs: endMs - 3.6e6,
      durationS: 183,
      labels: ['GRAVEL'],
      bytes: 2_310_000,
      partial: false,
    },
    {
      id: '2026-11-24T0903-GRASS',
      startedMs: endMs - 4.1e6,
      durationS: 241,
      labels: ['GRASS', 'WET_GRASS'],
      bytes: 3_020_000,
      partial: false,
    },
    {
      id: '2026-11-24T0855-ASPHALT',
      startedMs: endMs - 4.6e6,
      durationS: 160,
      labels: ['ASPHALT'],
      bytes: 1_980_000,
      partial: false,
    },
  ];
  const actions: DashboardActions = {
    startRecording: async (label, note) => {
      calls.push(`start ${label} ${note ?? ''}`.trim());
      setState({ recording: { active: true, label, startedMs: Date.now(), bytes: 0, freeBytes: 9e9 } });
    },
    setLabel: async (label) => {
      calls.push(`label ${label}`);
      setState({ recording: { ...state.recording, label } });
    },
    stopRecording: async () => {
      calls.push('stop');
      setState({ recording: { active: false, freeBytes: 9e9 } });
    },
    listSessions: async () => sessions,
    openSession: async (id) => {
      if (!sessions.some((s) => s.id === id)) throw new UserError(`no session is called "${id}"`, 66);
      return { filename: `${id}.mcap`, bytes: 5, content: Readable.from([Buffer.from('bytes')]) };
    },
    listModels: async () => [
      model,
      { ...model, name: 'husky-a200-1ch', version: '1', rateHz: 6.5, balancedAccuracy: 0.81, active: false },
      {
        ...model,
        name: 'demo-six-surfaces',
        version: '1',
        simulated: true,
        balancedAccuracy: 0.97,
        active: false,
      },
    ],
    activateModel: async (name) => {
      calls.push(`activate ${name}`);
      setState({ model: { ...model, name } });
    },
  };
  const dashboard = await startDashboard({
    host: options.host ?? '127.0.0.1',
    port: 0,
    token: options.token,
    feed,
    actions,
    metrics: () => 'underfoot_up 1\n',
    health: () => ({ alive: true, ready: false, reasons: ['the device is absent'] }),
    logger: createLogger({ level: 'silent' }),
  });
  const agent: FakeAgent = { dashboard, feed, state, calls, setState };
  drive(feed, endMs);
  setState({});
  return agent;
}

function firstState(endMs: number): StateView {
  return {
    robotId: 'husky-07',
    version: '0.1.0',
    startedMs: endMs - 26 * 3.6e6,
    nowMs: endMs,
    source: '/dev/serial/by-id/usb-Arduino_Mega_2560-if00',
    broker: 'mqtt://192.168.1.10:1883',
    channels: [
      { name: 'left', unit: 'A' },
      { name: 'right', unit: 'A' },
    ],
    model,
    confidenceBand: { low: 0.62, middle: 0.93, high: 0.995 },
    status: { state: 'online', reasons: [] },
    drift: { state: 'stable', reasons: [] },
    recording: { active: false, freeBytes: 9e9 },
    figures: [
      { name: 'Readings', value: '200.1', unit: 'Hz' },
      { name: 'Windows', value: '0.50', unit: 'Hz' },
      { name: 'Gaps', value: '2' },
      { name: 'Discarded', value: '148', unit: 'bytes' },
      { name: 'Inference, 99 of 100', value: '4.2', unit: 'ms' },
      { name: 'Outbox', value: '0', unit: 'messages' },
      { name: 'Memory', value: '118', unit: 'MB' },
      { name: 'Disk free', value: '9.0', unit: 'GB' },
    ],
    can: { record: true, sessions: true, models: true },
  };
}

/** Currents and predictions of a drive over five surfaces, with a gap and an unknown stretch. */
function drive(feed: LiveFeed, endMs: number): void {
  const source = new Random(7);
  const random = (): number => source.uniform();
  const legs = [0, 3, 3, 2, 5, 4, 1];
  for (let t = 0; t < 600; t += 2) {
    if (t > 372 && t < 396) continue;
    const truth = legs[Math.min(legs.length - 1, Math.floor(t / 86))];
    const lost = t > 250 && t < 272;
    const confidence = lost
      ? 0.3 + 0.15 * random()
      : Math.min(0.999, 0.86 + 0.16 * random() - (random() < 0.15 ? 0.3 : 0));
    const label = lost || random() < 0.06 ? Math.floor(random() * labels.length) : truth;
    const rest = (1 - confidence) / (labels.length - 1);
    feed.pushPrediction({
      timeMs: endMs - (600 - t) * 1000,
      durationMs: 2000,
      label: labels[label],
      confidence,
      surface: lost ? 'unknown' : labels[truth],
      probabilities: labels.map((_, i) => (i === truth ? confidence : rest)),
      drift: t > 500 && t < 540,
      afterGap: t === 0 || t === 396,
    });
  }
  for (let ms = -62_000; ms <= 0; ms += 5) {
    const s = ms / 1000;
    const rough = s < -20 ? 0.5 : 0.16;
    const turn = 0.7 * Math.sin(s / 3.1);
    feed.trace.push(endMs + ms, [
      3.1 + turn + rough * (random() + random() - 1) * 2,
      3.0 - turn + rough * (random() + random() - 1) * 2,
    ]);
  }
}
