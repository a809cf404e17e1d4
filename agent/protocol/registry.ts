import { z } from 'zod';
import { CreateDecoder, createRequests, createSchema } from './create.ts';
import type { Decoder, Poller } from './decoder.ts';
import { DynamixelDecoder, dynamixelChannels, dynamixelRequests, dynamixelSchema } from './dynamixel.ts';
import { Exchange } from './exchange.ts';
import { JsonLinesDecoder, jsonChannels, jsonSchema } from './json-lines.ts';
import { OdriveDecoder, odriveRequests, odriveSchema } from './odrive.ts';
import { PlotterDecoder } from './plotter.ts';
import { plotterSchema } from './plotter-spec.ts';
import { RequestPoller } from './request-poller.ts';
import { RoboclawDecoder, roboclawChannels, roboclawRequest, roboclawSchema } from './roboclaw.ts';
import { RoboteqDecoder, roboteqChannels, roboteqQuery, roboteqSchema, roboteqStream } from './roboteq.ts';
import { pollTiming } from './spec-parts.ts';
import { StreamPoller } from './stream-poller.ts';
import { DelimitedTextDecoder } from './text.ts';
import { textChannels, textSchema } from './text-spec.ts';
import { binarySchema, UnderfootBinaryDecoder } from './underfoot-binary.ts';
import { VescDecoder, vescChannels, vescRequests, vescSchema } from './vesc.ts';

/** What a protocol needs to know, discriminated by its `name`. */
export const protocolSchema = z.discriminatedUnion('name', [
  textSchema,
  plotterSchema,
  jsonSchema,
  binarySchema,
  vescSchema,
  odriveSchema,
  roboclawSchema,
  roboteqSchema,
  createSchema,
  dynamixelSchema,
]);

export type ProtocolSpec = z.infer<typeof protocolSchema>;
export type ProtocolName = ProtocolSpec['name'];
type SpecOf<Name extends ProtocolName> = Extract<ProtocolSpec, { name: Name }>;

/** The device's own clock: microseconds a tick, and the width of its counter where it wraps. */
interface TimeBase {
  readonly tickUs: number;
  readonly bits?: number;
}

export interface Protocol {
  readonly decoder: Decoder;
  /** Only where the device must be asked. */
  readonly poller?: Poller;
  /** Undefined where the device sends no time. */
  readonly timeBase: TimeBase | undefined;
  /** Width of the device's sequence number where it sends one that wraps. */
  readonly sequenceBits?: number;
  /** Channel names, in the order of `Reading.values`. */
  readonly channels: readonly string[];
}

export interface ProtocolOptions {
  /**
   * True (default) when the device may already be talking, so that the first bytes are the rest of a frame;
   * false for a file that begins at its beginning.
   */
  readonly midStream?: boolean;
}

const unitUs = { s: 1e6, ms: 1e3, us: 1 } as const;

const timeBase = (time: { unit: keyof typeof unitUs; wrapBits?: number } | undefined): TimeBase | undefined =>
  time && { tickUs: unitUs[time.unit], bits: time.wrapBits };

type Makers = { [Name in ProtocolName]: (spec: SpecOf<Name>, midStream: boolean) => Protocol };

const makers: Makers = {
  text: (spec, midStream) => ({
    decoder: new DelimitedTextDecoder(spec, midStream),
    timeBase: timeBase(spec.time),
    sequenceBits: spec.sequence?.wrapBits,
    channels: textChannels(spec),
  }),
  plotter: (spec, midStream) => ({
    decoder: new PlotterDecoder(spec, midStream),
    timeBase: timeBase(spec.time),
    channels: textChannels(spec),
  }),
  json: (spec, midStream) => ({
    decoder: new JsonLinesDecoder(spec, midStream),
    timeBase: timeBase(spec.time),
    sequenceBits: spec.sequence?.wrapBits,
    channels: jsonChannels(spec),
  }),
  underfoot: (spec, midStream) => ({
    decoder: new UnderfootBinaryDecoder(spec.channels.length, midStream),
    timeBase: { tickUs: 1, bits: 32 },
    sequenceBits: 16,
    channels: spec.channels,
  }),
  vesc: (spec) => polled(spec, vescRequests(spec), vescChannels(spec), (e) => new VescDecoder(spec, e)),
  odrive: (spec) => polled(spec, odriveRequests(spec), spec.currents, (e) => new OdriveDecoder(spec, e)),
  roboclaw: (spec) =>
    polled(spec, [roboclawRequest(spec)], roboclawChannels, (e) => new RoboclawDecoder(spec, e)),
  roboteq: (spec) => {
    const make = (exchange: Exchange) => new RoboteqDecoder(spec, exchange);
    if (spec.repeatMs === undefined) return polled(spec, [roboteqQuery], roboteqChannels(spec), make);
    const silenceMs = Math.max(500, 10 * spec.repeatMs);
    return streamed(spec.channels, roboteqStream(spec.repeatMs), silenceMs, roboteqChannels(spec), make);
  },
  create: (spec) =>
    streamed(
      spec.channels,
      createRequests(spec),
      spec.silenceMs,
      spec.motors,
      (e) => new CreateDecoder(spec, e),
    ),
  dynamixel: (spec) =>
    polled(spec, dynamixelRequests(spec), dynamixelChannels(spec), (e) => new DynamixelDecoder(spec, e)),
};

/** Makes the decoder, and the poller where there is one, that a validated specification asks for. */
export function createProtocol(spec: ProtocolSpec, options: ProtocolOptions = {}): Protocol {
  const make = makers[spec.name] as (spec: ProtocolSpec, midStream: boolean) => Protocol;
  return make(spec, options.midStream ?? true);
}

interface PolledSpec {
  readonly channels?: readonly string[];
  readonly rateHz: number;
  readonly timeoutMs: number;
}

/** A device that is asked for every reading. */
function polled(
  spec: PolledSpec,
  requests: readonly Uint8Array[],
  ownChannels: readonly string[],
  makeDecoder: (exchange: Exchange) => Decoder,
): Protocol {
  const exchange = new Exchange();
  return {
    decoder: makeDecoder(exchange),
    poller: new RequestPoller(requests, exchange, pollTiming(spec)),
    timeBase: undefined,
    channels: spec.channels ?? ownChannels,
  };
}

/** Pause after an opening request: a Create takes 20 ms to change its mode. */
const openingPauseUs = 50_000;

/** A device that is asked to go on by itself. */
function streamed(
  channels: readonly string[] | undefined,
  requests: readonly Uint8Array[],
  silenceMs: number,
  ownChannels: readonly string[],
  makeDecoder: (exchange: Exchange) => Decoder,
): Protocol {
  const exchange = new Exchange();
  return {
    decoder: makeDecoder(exchange),
    poller: new StreamPoller(requests, exchange, openingPauseUs, silenceMs * 1000),
    timeBase: undefined,
    channels: channels ?? ownChannels,
  };
}
