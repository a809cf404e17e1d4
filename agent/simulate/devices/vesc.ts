import { crc16, xmodem } from '../../protocol/crc.ts';
import { vescCommand, vescFieldBytes, vescFrame } from '../../protocol/vesc.ts';
import { AnsweringDevice, bigEndian } from './answering-device.ts';
import type { CurrentSource } from './device.ts';

/** Bytes of the fields of COMM_GET_VALUES up to the controller's id. */
const allValuesMask = 0x3ffff;

/**
 * A VESC and the controllers behind it on CAN. Motor current is the mean since it was last read, as in the firmware
 * (mc_interface_read_reset_avg_motor_current), taken over 1 ms steps.
 */
export class VescDevice extends AnsweringDevice {
  readonly #controllers: readonly (number | 'local')[];
  readonly #lastReadUs: number[];

  constructor(controllers: readonly (number | 'local')[], currentA: CurrentSource) {
    super(currentA);
    this.#controllers = controllers;
    this.#lastReadUs = controllers.map(() => Number.NaN);
  }

  protected override take(pending: readonly number[], nowUs: number): number {
    const wide = pending[0] === 3;
    if (pending[0] !== 2 && !wide) return this.#misunderstand();
    const head = wide ? 3 : 2;
    if (pending.length < head) return 0;
    const length = wide ? (pending[1] << 8) | pending[2] : pending[1];
    if (length === 0 || length > 512) return this.#misunderstand();
    if (pending.length < head + length + 3) return 0;
    const payload = Uint8Array.from(pending.slice(head, head + length));
    const [high, low, end] = pending.slice(head + length);
    if (crc16(xmodem, payload) !== ((high << 8) | low) || end !== 3) return this.#misunderstand();
    this.#obey(payload, 'local', nowUs);
    return head + length + 3;
  }

  #misunderstand(): number {
    this.misunderstood++;
    return 1;
  }

  #obey(payload: Uint8Array, controller: number | 'local', nowUs: number): void {
    const index = this.#controllers.indexOf(controller);
    const command = payload[0];
    if (command === vescCommand.forwardCan && payload.length > 2) {
      this.#obey(payload.subarray(2), payload[1], nowUs);
    } else if (command === vescCommand.getValues && payload.length === 1) {
      if (index >= 0) this.#answer([command], allValuesMask, index, nowUs);
    } else if (command === vescCommand.getValuesSelective && payload.length === 5) {
      const mask = new DataView(payload.buffer, payload.byteOffset).getUint32(1);
      if (index >= 0) this.#answer([command, ...payload.subarray(1)], mask, index, nowUs);
    } else this.commands++;
  }

  #answer(head: readonly number[], mask: number, index: number, nowUs: number): void {
    const motorA = this.#meanA(index, nowUs);
    const fields = vescFieldBytes.flatMap((bytes, bit) => {
      if (!((mask >>> bit) & 1)) return [];
      // Input current is smaller than motor current by the duty cycle, here one half.
      const value = bit === 2 ? motorA * 100 : bit === 3 ? motorA * 50 : bit === 8 ? 240 : 0;
      return bigEndian(value, bytes);
    });
    this.outbox.put(vescFrame(Uint8Array.from([...head, ...fields])));
  }

  #meanA(index: number, nowUs: number): number {
    const fromUs = Math.max(this.#lastReadUs[index] || nowUs, nowUs - 1e6);
    this.#lastReadUs[index] = nowUs;
    const steps = Math.max(1, Math.round((nowUs - fromUs) / 1000));
    let sumA = 0;
    for (let k = 1; k <= steps; k++) sumA += this.currentA(index, fromUs + ((nowUs - fromUs) * k) / steps);
    return sumA / steps;
  }
}
