import { odriveChecksum } from '../../protocol/odrive.ts';
import { AnsweringDevice } from './answering-device.ts';
import type { CurrentSource } from './device.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An ODrive's ASCII side: `r` reads a property; a wrong checksum gets no reply; `p q v c t u f s w e` do things. */
export class OdriveDevice extends AnsweringDevice {
  readonly #currents: readonly string[];

  constructor(currents: readonly string[], currentA: CurrentSource) {
    super(currentA);
    this.#currents = currents;
  }

  protected override take(pending: readonly number[], nowUs: number): number {
    const end = pending.indexOf(10);
    if (end < 0) return 0;
    this.#obey(String.fromCharCode(...pending.slice(0, end)).replace(/;.*/, ''), nowUs);
    return end + 1;
  }

  #obey(line: string, nowUs: number): void {
    const star = line.indexOf('*');
    const text = star < 0 ? line : line.slice(0, star);
    if (star >= 0 && odriveChecksum(text) !== Number.parseInt(line.slice(star + 1), 10)) {
      this.misunderstood++;
      return;
    }
    const [command, property] = text.trim().split(/ +/);
    const known = command === 'r' || command === 'f';
    if (!known) this.misunderstood++;
    if (/^[pqvctuswe]/.test(command)) this.commands++;
    else this.#reply(known ? this.#read(property ?? '', nowUs) : 'unknown command', star >= 0);
  }

  #read(property: string, nowUs: number): string {
    if (property === 'vbus_voltage') return '24.000000';
    const axis = /^(axis[01])\.motor\.(?:current_control|foc)\.Iq_measured$/.exec(property)?.[1];
    const channel = this.#currents.indexOf(axis ?? property);
    if (channel >= 0) return this.currentA(channel, nowUs).toFixed(6);
    this.misunderstood++;
    return 'invalid property';
  }

  #reply(text: string, withSum: boolean): void {
    this.outbox.put(encode(withSum ? `${text}*${odriveChecksum(text)}\r\n` : `${text}\r\n`));
  }
}
