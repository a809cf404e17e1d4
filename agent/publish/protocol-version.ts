/** Versions of MQTT as its client numbers them: 5, and 4 for 3.1.1. */
export type MqttVersion = 4 | 5;

const versions = { auto: [5, 4], '5': [5], '3.1.1': [4] } as const;

/** What to try one after the other for `mqtt.protocolVersion`. */
export function versionsFor(protocolVersion: keyof typeof versions = 'auto'): readonly MqttVersion[] {
  return versions[protocolVersion];
}

/** Whether a broker said that it speaks no MQTT 5: return code 1 in 3.1.1 form, reason 0x84 in 5 form. */
export function refusesVersion(code: unknown): boolean {
  return Number(code) === 0x01 || Number(code) === 0x84;
}

/** What is said of a broker that hangs up without a word, as some old ones do on MQTT 5. */
export const hungUpText = 'closed before the broker answered';
