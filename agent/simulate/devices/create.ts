import { createHeader, createOpcode, createPacket } from '../../protocol/create.ts';
import { AnsweringDevice, bigEndian, int16Steps } from './answering-device.ts';
import type { CurrentSource } from './device.ts';

const streamIntervalUs = 15_000;
/** Data bytes after the opcodes that carry some; others have none. */
const dataBytes: Record<number, number> = {
  137: 4,
  145: 4,
  146: 4,
  138: 1,
  144: 3,
  139: 3,
  142: 1,
  150: 1,
  129: 1,
};
const packetIds: readonly number[] = Object.values(createPacket);

/** A Create 2: off until START, then passive; STREAM sends the packets every 15 ms, whoever listens. */
export class CreateDevice extends AnsweringDevice {
  readonly #motorOfPacket: Map<number, number>;
  #on = false;
  #streamed: number[] = [];
  #nextUs = 0;

  constructor(motors: readonly (keyof typeof createPacket)[], currentA: CurrentSource) {
    super(currentA);
    this.#motorOfPacket = new Map(motors.map((motor, k) => [createPacket[motor], k]));
  }

  protected override take(pending: readonly number[], nowUs: number): number {
    const opcode = pending[0];
    if (opcode === createOpcode.start) {
      this.#on = true;
      return 1;
    }
    if (opcode !== createOpcode.stream || !this.#on) {
      if (opcode > 128 && opcode < 170) this.commands++;
      else this.misunderstood++;
      return Math.min(pending.length, 1 + (dataBytes[opcode] ?? 0));
    }
    if (pending.length < 2 || pending.length < 2 + pending[1]) return 0;
    this.#streamed = pending.slice(2, 2 + pending[1]).filter((id) => packetIds.includes(id));
    this.#nextUs = nowUs;
    return 2 + pending[1];
  }

  protected override stream(nowUs: number): void {
    while (this.#streamed.length > 0 && nowUs >= this.#nextUs) {
      this.#send(this.#nextUs);
      this.#nextUs = Math.max(this.#nextUs + streamIntervalUs, nowUs - 1e6);
    }
  }

  #send(timeUs: number): void {
    const data = this.#streamed.flatMap((id) => {
      const motor = this.#motorOfPacket.get(id);
      const milliampere = motor === undefined ? 0 : int16Steps(this.currentA(motor, timeUs), 0.001);
      return [id, ...bigEndian(milliampere, 2)];
    });
    const frame = [createHeader, data.length, ...data];
    const sum = frame.reduce((total, byte) => total + byte, 0);
    this.outbox.put(Uint8Array.from([...frame, -sum & 0xff]));
  }
}
