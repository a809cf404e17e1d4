import { SerialSource } from './serial.ts';
import type { ByteSource } from './source.ts';
import { TcpSource } from './tcp.ts';

/** Where bytes come from, as the configuration says it (agent/config/source.ts has the meaning of each key). */
export type SourceSpec =
  | {
      readonly kind: 'serial';
      readonly port: string;
      readonly baudRate: number;
      readonly settleMs?: number | undefined;
      readonly dtr?: boolean | undefined;
      readonly rts?: boolean | undefined;
      readonly silenceS: number;
    }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly silenceS: number };

/**
 * A source that has not been started. `polled`: the device answers requests, so its bytes must not gather: each answer
 * is waited for.
 */
export function createSource(spec: SourceSpec, { polled = false } = {}): ByteSource {
  const silenceMs = spec.silenceS * 1000;
  if (spec.kind === 'tcp') return new TcpSource({ host: spec.host, port: spec.port, silenceMs });
  const { port, baudRate, settleMs, dtr, rts } = spec;
  return new SerialSource({
    path: port,
    baudRate,
    settleMs,
    dtr,
    rts,
    silenceMs,
    gatherMs: polled ? 0 : undefined,
  });
}
