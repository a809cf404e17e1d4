/** Table of a 16-bit CRC that is not reflected and begins with 0. */
function table(polynomial: number): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ polynomial : crc << 1;
    return crc;
  });
}

/** CRC-16/XMODEM (0x31C3 over "123456789"): VESC, RoboClaw, underfoot binary. */
export const xmodem = table(0x1021);
/** CRC-16/UMTS (0xFEE8 over "123456789"): Dynamixel 2.0. */
export const umts = table(0x8005);

/** CRC over `bytes[start..end)`, carrying on from `crc`. */
export function crc16(table: Uint16Array, bytes: Uint8Array, start = 0, end = bytes.length, crc = 0): number {
  let sum = crc;
  for (let i = start; i < end; i++) sum = ((sum << 8) & 0xffff) ^ table[(sum >> 8) ^ bytes[i]];
  return sum;
}

/** One byte more. */
export function crc16Byte(table: Uint16Array, crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ table[(crc >> 8) ^ byte];
}
