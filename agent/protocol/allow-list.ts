import { crc16, umts, xmodem } from './crc.ts';
import type { ProtocolName } from './registry.ts';

/**
 * Every byte sequence that may leave for a device. The rules are written from the devices' documentation and on purpose share
 * nothing with the code that makes requests but the CRC: a mistake there must not open a door here. Each rule
 * names whole messages byte by byte; what no rule names cannot leave, and a device that only streams is never
 * written to.
 */
type Rule = (bytes: Uint8Array) => boolean;

const never: Rule = () => false;

const rules: Record<ProtocolName, Rule> = {
  text: never,
  plotter: never,
  json: never,
  underfoot: never,
  // COMM_GET_VALUES (4) and COMM_GET_VALUES_SELECTIVE (0x32) of motor and input current, also through
  // COMM_FORWARD_CAN (0x22).
  vesc: (bytes) =>
    matches(bytes, /^02 (01|03 22 ..) 04 .. .. 03$/, /^02 (05|07 22 ..) 32 00 00 00 (04|08|0c) .. .. 03$/) &&
    crc16(xmodem, bytes, 2, bytes.length - 3) === ((bytes.at(-3)! << 8) | bytes.at(-2)!),
  // `r` with one of five properties; p, q, v, c, t and u would move a motor, w would write.
  odrive: (bytes) => {
    const found = /^(r (axis[01]\.motor\.(current_control|foc)\.Iq_measured|ibus))(\*(\d{1,3}))?\n$/.exec(
      String.fromCharCode(...bytes),
    );
    return found !== null && (found[5] === undefined || Number(found[5]) === exclusiveOr(found[1]));
  },
  // Command 49 (0x31), read motor currents, at the eight addresses.
  roboclaw: (bytes) => matches(bytes, /^8[0-7] 31$/),
  // `?A` reads motor amperes, `# C` clears and `# ms` repeats queries; `!` would be a command.
  roboteq: (bytes) => /^(\?A|# C|# [1-9]\d{0,3})\r$/.test(String.fromCharCode(...bytes)),
  // START (0x80, passive mode) and STREAM (0x94) of the motor current packets 54 to 57.
  create: (bytes) =>
    matches(
      bytes,
      /^80$/,
      /^94 01( 3[6-9]){1}$/,
      /^94 02( 3[6-9]){2}$/,
      /^94 03( 3[6-9]){3}$/,
      /^94 04( 3[6-9]){4}$/,
    ),
  // READ (2) of two bytes.
  dynamixel: (bytes) =>
    matches(bytes, /^ff ff fd 00 .. 07 00 02 .. 0[0-3] 02 00 .. ..$/) &&
    bytes[4] <= 252 &&
    crc16(umts, bytes, 0, bytes.length - 2) === (bytes.at(-2)! | (bytes.at(-1)! << 8)),
};

/** True when the bytes are one whole read request of the protocol. */
export function isReadRequest(protocol: ProtocolName, bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.length <= 64 && rules[protocol](bytes);
}

/** A request that is not on the allow-list: a mistake in this program, never the user's. */
export class ForbiddenRequestError extends Error {
  constructor(protocol: ProtocolName, bytes: Uint8Array) {
    const shown = hexOf(bytes.subarray(0, 32));
    super(`refused to send ${bytes.length} bytes that are no ${protocol} read request: ${shown}`);
    this.name = 'ForbiddenRequestError';
  }
}

/** Wraps the one function that writes to a device, so that only read requests go through; throws on others. */
export function guardWrites(
  protocol: ProtocolName,
  write: (bytes: Uint8Array) => void,
): (bytes: Uint8Array) => void {
  return (bytes) => {
    // A copy, so that nobody can change the bytes between the check and the wire.
    const message = Uint8Array.from(bytes);
    if (!isReadRequest(protocol, message)) throw new ForbiddenRequestError(protocol, message);
    write(message);
  };
}

/** Whether the whole message, as two hexadecimal digits a byte, is one of the patterns. */
function matches(bytes: Uint8Array, ...patterns: RegExp[]): boolean {
  const text = hexOf(bytes);
  return patterns.some((pattern) => pattern.test(text));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function exclusiveOr(text: string): number {
  return [...text].reduce((sum, character) => sum ^ character.charCodeAt(0), 0);
}
