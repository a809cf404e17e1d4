import { createProtocol } from '../../protocol/registry.ts';
import { guessText } from './guess-text.ts';
import { type Field, type Guess, widen } from './guessed.ts';

const minBytes = 64;

/**
 * Guesses the protocol of a device that sends by itself, from what it sent in `seconds`. Undefined when it is none that
 * can be recognised: a device that must be asked (VESC, ODrive, RoboClaw, Roboteq, Create, Dynamixel) sends nothing.
 */
export function guessProtocol(bytes: Uint8Array, seconds: number): Guess | undefined {
  if (bytes.length < minBytes || seconds <= 0) return undefined;
  const guess = printableShare(bytes) > 0.97 ? guessText(bytes, seconds) : guessBinary(bytes, seconds);
  return guess && guess.share >= 0.5 ? guess : undefined;
}

function printableShare(bytes: Uint8Array): number {
  let printable = 0;
  for (const byte of bytes)
    if ((byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13) printable++;
  return printable / bytes.length;
}

/** underfoot's own frames, which have a check sum: a match is no accident. */
function guessBinary(bytes: Uint8Array, seconds: number): Guess | undefined {
  let best: Guess | undefined;
  for (let count = 1; count <= 8; count++) {
    const channels = Array.from({ length: count }, (_, i) => `channel${i}`);
    const { decoder } = createProtocol({ name: 'underfoot', channels });
    decoder.append(bytes);
    const fields: Field[] = channels.map((key) => ({ key, min: Infinity, max: -Infinity }));
    let frames = 0;
    for (let reading = decoder.next(); reading; reading = decoder.next()) {
      frames++;
      for (const [i, field] of fields.entries()) widen(field, reading.values[i]);
    }
    const share = 1 - decoder.discarded.bytes / bytes.length;
    if (frames > 2 && (!best || share > best.share)) {
      best = { protocol: { name: 'underfoot' }, fields, framesPerS: frames / seconds, share };
    }
  }
  return best;
}

/** The protocol of a configuration: the first fields become the channels that the model wants. */
export function withChannels(guess: Guess, channels: readonly string[]): Record<string, unknown> {
  const { name } = guess.protocol;
  if (name === 'underfoot') {
    // Every float of a frame needs a name; those that the model does not want keep a plain one.
    return { name, channels: guess.fields.map((_, i) => channels[i] ?? `spare${i}`) };
  }
  const place = name === 'json' ? 'path' : 'column';
  const columns = channels.map((channel, i) => ({ [place]: guess.fields[i].key, channel }));
  return { ...guess.protocol, columns };
}
