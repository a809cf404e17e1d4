import { crc16, umts } from '../../protocol/crc.ts';
import { dynamixelInstruction, dynamixelPacket } from '../../protocol/dynamixel.ts';
import { AnsweringDevice, int16Steps } from './answering-device.ts';
import type { CurrentSource } from './device.ts';

const ping = 0x01;

/** Servos on one half-duplex bus behind an adapter that hears itself: requests come back before the answer. */
export class DynamixelBus extends AnsweringDevice {
  readonly #ids: readonly number[];
  readonly #address: number;
  readonly #unitA: number;

  constructor(spec: { ids: readonly number[]; address: number; unitMa: number }, currentA: CurrentSource) {
    super(currentA);
    this.#ids = spec.ids;
    this.#address = spec.address;
    this.#unitA = spec.unitMa / 1000;
  }

  protected override take(pending: readonly number[], nowUs: number): number {
    const header = [0xff, 0xff, 0xfd, 0x00];
    const wrong = header.some((byte, k) => k < pending.length && pending[k] !== byte);
    if (wrong) {
      this.misunderstood++;
      return 1;
    }
    if (pending.length < 7) return 0;
    const total = 7 + (pending[5] | (pending[6] << 8));
    if (pending.length < total) return 0;
    const packet = Uint8Array.from(pending.slice(0, total));
    const crc = packet[total - 2] | (packet[total - 1] << 8);
    if (total < 10 || crc16(umts, packet, 0, total - 2) !== crc) {
      this.misunderstood++;
      return 1;
    }
    this.outbox.put(packet);
    this.#obey(packet[4], packet[7], [...packet.subarray(8, total - 2)], nowUs);
    return total;
  }

  #obey(id: number, instruction: number, parameters: readonly number[], nowUs: number): void {
    if (instruction === ping) return;
    if (instruction !== dynamixelInstruction.read) {
      this.commands++;
      return;
    }
    const channel = this.#ids.indexOf(id);
    if (channel < 0) return;
    const address = parameters[0] | (parameters[1] << 8);
    const count = parameters[2] | (parameters[3] << 8);
    if (address !== this.#address || count !== 2) {
      // Access error, no data.
      this.outbox.put(dynamixelPacket(id, dynamixelInstruction.status, [0x07]));
      return;
    }
    const raw = int16Steps(this.currentA(channel, nowUs), this.#unitA);
    this.outbox.put(dynamixelPacket(id, dynamixelInstruction.status, [0, raw & 0xff, (raw >> 8) & 0xff]));
  }
}
