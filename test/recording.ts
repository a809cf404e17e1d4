import { mkdtempSync } from 'node:fs';
import { createJudge, createSamplePath } from '../agent/assemble.ts';
import type { LoadedModel } from '../agent/model/load.ts';
import { Pipeline } from '../agent/pipeline.ts';
import { createProtocol, protocolSchema } from '../agent/protocol/registry.ts';
import { RecordingControl, type RecordingControlOptions } from '../agent/recording-control.ts';
import { listSessions } from '../agent/session/session-list.ts';
import { loadSession } from '../agent/session/session-recording.ts';
import { toyModel } from './session/toy-model.ts';

export const withTime = {
  name: 'text',
  columns: [{ column: 1, channel: 'cur' }],
  time: { column: 0, unit: 'us', wrapBits: 24 },
};

/** A live pipeline at about 50 Hz with jittered arrivals, bytes cut at odd places, and its recording control. */
export function live(
  root: string,
  spec: object,
  model: LoadedModel = toyModel(),
  more: Partial<RecordingControlOptions> = {},
) {
  const folder = mkdtempSync(`${root}/c-`);
  const protocol = createProtocol(protocolSchema.parse(spec));
  const input = { file: 'test.yaml' };
  const path = createSamplePath(model.card, protocol, input);
  const pipeline = new Pipeline({ decoder: protocol.decoder, path, ...createJudge(model) });
  const time = { us: 1_000_000 };
  const bodies: object[] = [];
  const control = new RecordingControl(pipeline, {
    robotId: 'rover',
    version: '0.0.0',
    protocol,
    protocolSpec: spec,
    input,
    model: () => model,
    space: { folder, minFreeBytes: 0, deleteLabelled: false },
    clocks: { nowUs: () => time.us, nowMs: () => Date.UTC(2026, 4, 5) + time.us / 1000 },
    onChange: (body) => bodies.push(body),
    ...more,
  });
  let sample = 0;
  let rest = Buffer.alloc(0);
  const drive = async (samples: number) => {
    for (const end = sample + samples; sample < end; sample++) {
      const ticks = (sample * 20_000 + ((sample * 7919) % 3000)) % 2 ** 24;
      const value = (Math.sin(sample / 9) * 3 + ((sample * 31) % 17) / 5).toFixed(3);
      rest = Buffer.concat([rest, Buffer.from(`${ticks},${value}\n`)]);
      time.us += 20_000 + ((sample * 104_729) % 5000) - 2500;
      const cut = Math.max(0, rest.length - (sample % 7));
      pipeline.feed(rest.subarray(0, cut), time.us);
      rest = rest.subarray(cut);
      if (pipeline.waiting > 0) await pipeline.idle();
    }
    await pipeline.idle();
  };
  return { folder, pipeline, control, time, bodies, drive };
}

/** The first session of a folder. */
export async function recorded(folder: string) {
  const [session] = await listSessions(folder);
  return loadSession(session.parts.map((p) => p.file));
}
