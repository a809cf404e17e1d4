import { crc16, xmodem } from '../../protocol/crc.ts';
import { readCurrents } from '../../protocol/roboclaw.ts';
import { AnsweringDevice, bigEndian, int16Steps } from './answering-device.ts';
import type { CurrentSource } from './device.ts';

/** A RoboClaw in packet serial mode that knows one read command; any other at its address is a command. */
export class RoboclawDevice extends AnsweringDevice {
  readonly #address: number;
  readonly #crc: boolean;

  constructor(address: number, integrity: 'crc16' | 'checksum7', currentA: CurrentSource) {
    super(currentA);
    this.#address = address;
    this.#crc = integrity === 'crc16';
  }

  protected override take(pending: readonly number[], nowUs: number): number {
    if (pending[0] !== this.#address) {
      this.misunderstood++;
      return 1;
    }
    if (pending.length < 2) return 0;
    if (pending[1] !== readCurrents) {
      this.commands++;
      return 2;
    }
    const data = [0, 1].flatMap((m) => bigEndian(int16Steps(this.currentA(m, nowUs), 0.01), 2));
    const asked = [this.#address, readCurrents, ...data];
    const sum = this.#crc
      ? bigEndian(crc16(xmodem, Uint8Array.from(asked)), 2)
      : [asked.reduce((total, byte) => total + byte, 0) & 0x7f];
    this.outbox.put(Uint8Array.from([...data, ...sum]));
    return 2;
  }
}
