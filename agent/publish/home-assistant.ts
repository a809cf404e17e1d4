import type { CommandPort } from './commands.ts';

/** What Home Assistant is told of a robot. */
export interface HomeAssistantOptions {
  readonly robotId: string;
  /** Home Assistant's discovery prefix. */
  readonly prefix?: string;
  /** Version of the agent. */
  readonly version: string;
  /** Labels of the model in use. */
  readonly labels: () => readonly string[];
}

/**
 * Announces the robot to Home Assistant as one device (device-based discovery, Home Assistant 2024.11 and later), again
 * whenever Home Assistant says that it has started, and removes it on request. Without a broker it does nothing.
 */
export class HomeAssistant {
  readonly topic: string;
  readonly #port: CommandPort;
  readonly #options: HomeAssistantOptions;
  readonly #birthTopic: string;
  #announced = false;
  #listens = false;

  constructor(port: CommandPort, options: HomeAssistantOptions) {
    const { prefix = 'homeassistant', robotId } = options;
    this.#port = port;
    this.#options = options;
    this.topic = `${prefix}/device/${robotId}/config`;
    this.#birthTopic = `${prefix}/status`;
  }

  start(): void {
    this.announce();
  }

  /** Now, and at each birth message from now on, until `remove`. */
  announce(): void {
    this.#announced = true;
    this.#listen();
    this.#send(JSON.stringify(this.device()));
  }

  /** The model has changed, and with it perhaps the labels: says so where the robot is announced. */
  renew(): void {
    if (this.#announced) this.announce();
  }

  /** An empty retained message makes Home Assistant forget the device. */
  remove(): void {
    this.#announced = false;
    this.#send('');
  }

  /** The discovery message. */
  device(): object {
    const { robotId, version, labels } = this.#options;
    const { report, command } = this.#port.topics;
    const components: Record<string, object> = {
      surface: {
        p: 'sensor',
        name: 'Surface',
        icon: 'mdi:road-variant',
        device_class: 'enum',
        options: [...labels(), 'unknown'],
        state_topic: report.surface,
        value_template: '{{ value_json.label }}',
        json_attributes_topic: report.surface,
      },
      confidence: {
        p: 'sensor',
        name: 'Confidence',
        icon: 'mdi:percent-outline',
        state_class: 'measurement',
        unit_of_measurement: '%',
        suggested_display_precision: 0,
        state_topic: report.prediction,
        value_template: '{{ value_json.smoothedConfidence * 100 }}',
      },
      drift: {
        p: 'binary_sensor',
        name: 'Drift',
        device_class: 'problem',
        state_topic: report.drift,
        value_template: "{{ 'ON' if value_json.state in ['warning', 'drift'] else 'OFF' }}",
        json_attributes_topic: report.drift,
      },
      recording: {
        p: 'switch',
        name: 'Recording',
        icon: 'mdi:record-rec',
        state_topic: report.recording,
        value_template: '{{ value_json.state }}',
        state_on: 'recording',
        state_off: 'idle',
        command_topic: command('record'),
        payload_on: '{"action":"start"}',
        payload_off: '{"action":"stop"}',
      },
      state: {
        p: 'sensor',
        name: 'State',
        entity_category: 'diagnostic',
        device_class: 'enum',
        options: ['online', 'degraded', 'offline'],
        state_topic: report.status,
        value_template: '{{ value_json.state }}',
        json_attributes_topic: report.status,
      },
      sample_rate: {
        p: 'sensor',
        name: 'Sample rate',
        entity_category: 'diagnostic',
        device_class: 'frequency',
        state_class: 'measurement',
        unit_of_measurement: 'Hz',
        state_topic: report.diagnostics,
        value_template: '{{ value_json.sampleRateHz }}',
      },
      drift_reset: {
        p: 'button',
        name: 'Reset drift',
        entity_category: 'config',
        command_topic: command('drift-reset'),
        payload_press: '{}',
      },
      restart: {
        p: 'button',
        name: 'Restart',
        entity_category: 'config',
        device_class: 'restart',
        command_topic: command('restart'),
        payload_press: '{}',
      },
    };
    for (const [id, component] of Object.entries(components)) {
      components[id] = { ...component, unique_id: `underfoot_${robotId}_${id}` };
    }
    return {
      dev: {
        ids: [`underfoot_${robotId}`],
        name: robotId,
        mf: 'underfoot',
        mdl: 'Surface agent',
        sw: version,
      },
      o: { name: 'underfoot', sw: version },
      availability: [
        {
          topic: report.status,
          value_template: "{{ 'offline' if value_json.state == 'offline' else 'online' }}",
        },
      ],
      qos: 1,
      cmps: components,
    };
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#port.subscribe(this.#birthTopic, ({ payload }) => {
      if (this.#announced && payload.toString() === 'online') this.announce();
    });
  }

  #send(payload: string): void {
    this.#port.publishMessage({ topic: this.topic, payload, retain: true });
  }
}
