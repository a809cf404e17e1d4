import { dirname, join } from 'node:path';
import { commandHandlers } from './agent-commands.ts';
import { AgentStatus } from './agent-status.ts';
import { assemble, createSamplePath, type Input } from './assemble.ts';
import { type CalibrationFile, loadCalibration } from './config/calibration-file.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { UserError } from './errors.ts';
import { Live } from './live.ts';
import { type LoadedModel, loadModel } from './model/load.ts';
import { ModelSlot, takesSameWindows } from './model-slot.ts';
import { packageRoot } from './package-root.ts';
import type { Pipeline } from './pipeline.ts';
import { createProtocol } from './protocol/registry.ts';
import { CommandDispatcher } from './publish/commands.ts';
import { HomeAssistant } from './publish/home-assistant.ts';
import { Publisher } from './publish/publisher.ts';
import { readPublicKeys } from './publish/rollout/announcement.ts';
import { Rollout } from './publish/rollout/rollout.ts';
import { ModelStore } from './publish/rollout/store.ts';
import { RecordingControl } from './recording-control.ts';
import { Reporter } from './reporter.ts';
import type { AgentView } from './service/agent-view.ts';
import { Diagnostics } from './service/diagnostics.ts';
import type { Logger } from './service/log.ts';
import { startModel } from './start-model.ts';

export interface AgentOptions {
  readonly config: Config;
  /** Where the configuration came from: for messages, and to be read again by `reload`. */
  readonly configFile: string;
  readonly version: string;
  readonly logger: Logger;
  /** Somebody asked over MQTT for a restart; the answer is on its way. */
  readonly onRestart?: () => void;
}

const lookMs = 1000;
const mebibyte = 1024 * 1024;

/**
 * The agent of one robot, from its port to its broker:
 *
 *   Live (port, polling) -> Pipeline (decode ... LSTM, decision, drift) -> Reporter -> Publisher -> MQTT
 *                              |-> RecordingControl (sessions)     CommandDispatcher, Rollout <- MQTT
 *
 * A device or a broker that is not there is waited for. What is wrong from the start is a ConfigError.
 */
export class Agent implements AgentView {
  readonly version: string;
  readonly startedMs = Date.now();
  readonly logger: Logger;
  readonly configFile: string;
  readonly pipeline: Pipeline;
  readonly diagnostics: Diagnostics;
  readonly recording: RecordingControl;
  #config: Config;
  #input: Input;
  #live: Live;
  readonly #slot: ModelSlot;
  readonly #publisher: Publisher;
  readonly #status: AgentStatus;
  readonly #rollout: Rollout | undefined;
  #lastStatus = '';
  #timers: NodeJS.Timeout[] = [];

  /** Resolves when the model is loaded, the broker was tried, and the port is open or being waited for. */
  static async start(options: AgentOptions): Promise<Agent> {
    const { folder, publicKeys } = options.config.mqtt.models;
    const store = folder === undefined ? undefined : new ModelStore(folder);
    const keys = readPublicKeys(publicKeys);
    const model = await startModel(options.config, store, options.logger);
    const agent = new Agent(options, model, (host, publisher) => {
      if (store === undefined) return undefined;
      const { allowUnsigned, shadowWindows } = options.config.mqtt.models;
      const { robotId } = options.config;
      const log = options.logger;
      return new Rollout(host, store, publisher, {
        robotId,
        publicKeys: keys,
        allowUnsigned,
        shadowWindows,
        log,
      });
    });
    try {
      await agent.#begin(options.onRestart ?? (() => undefined));
    } catch (error) {
      await agent.stop();
      throw error;
    }
    return agent;
  }

  private constructor(
    options: AgentOptions,
    model: LoadedModel,
    createRollout: (host: ModelSlot, publisher: Publisher) => Rollout | undefined,
  ) {
    const { config, configFile, version, logger } = options;
    this.version = version;
    this.logger = logger;
    this.configFile = configFile;
    this.#config = config;
    this.#input = inputOf(config, configFile);
    const { pipeline, protocol } = assemble(model, this.#input);
    this.pipeline = pipeline;
    this.#live = new Live(config, protocol);
    this.diagnostics = new Diagnostics(pipeline);
    this.#publisher = new Publisher({ ...config.mqtt, robotId: config.robotId, version }, { log: logger });
    this.#slot = this.#createSlot(model);
    this.recording = this.#createRecording();
    this.#status = new AgentStatus({
      version,
      pipeline,
      live: () => this.#live,
      model: () => this.model(),
      configuredHz: () => this.#config.nominalRateHz,
      recording: this.recording,
    });
    this.#rollout = createRollout(this.#slot, this.#publisher);
  }

  config(): Config {
    return this.#config;
  }

  model(): LoadedModel {
    return this.#slot.active();
  }

  source() {
    const { name, state, opened } = this.#live;
    return { name, state, opened };
  }

  status() {
    return this.#status.look();
  }

  mqtt() {
    return { connected: this.#publisher.connected, counters: this.#publisher.counters() };
  }

  /** Channel names in the order in which the device sends them. */
  get protocolChannels(): readonly string[] {
    return this.#live.protocol.channels;
  }

  get calibration(): CalibrationFile | undefined {
    return this.#input.calibration?.content;
  }

  get sessionsFolder(): string {
    return this.#config.sessions.folder!;
  }

  get modelFolders(): readonly string[] {
    const { model, mqtt } = this.#config;
    const folders = [join(packageRoot, 'models'), dirname(model), mqtt.models.folder];
    return [...new Set(folders.filter((folder) => folder !== undefined))];
  }

  async activateModel(folder: string): Promise<void> {
    this.#refuseWhileRecording();
    const former = await this.#slot.activate(await this.#slot.load(folder));
    await former.classifier.close();
  }

  /**
   * Reads configuration, calibration and model again and goes on with them from the next window; the port is opened
   * anew only where it changed, and windows begin anew only where what they are made of changed. What cannot change
   * while the agent runs is named in the log. Throws UserError and changes nothing where the new one is wrong.
   */
  async reload(): Promise<void> {
    this.#refuseWhileRecording();
    const config = loadConfig(this.configFile);
    const input = inputOf(config, this.configFile);
    const before = this.#config;
    const samePort = same([config.source, config.protocol], [before.source, before.protocol]);
    const protocol = samePort ? this.#live.protocol : createProtocol(config.protocol, { midStream: true });
    const model = await loadModel(this.#isConfigured() ? config.model : this.model().folder, config.engine);
    const samePath =
      samePort &&
      takesSameWindows(model.card, this.model().card) &&
      same(pathKeys(input), pathKeys(this.#input));
    let path: ReturnType<typeof createSamplePath> | undefined;
    try {
      if (!samePath) path = createSamplePath(model.card, protocol, input);
    } catch (error) {
      await model.classifier.close();
      throw error;
    }
    const { robotId, mqtt, sessions, dashboard, log, diagnosticsIntervalS } = before;
    const fixed = { robotId, mqtt, sessions, dashboard, log, diagnosticsIntervalS };
    const waiting = Object.entries(fixed).filter(([key, value]) => !same(value, config[key as keyof Config]));
    this.#config = { ...config, ...fixed };
    this.#input = input;
    const former = await this.#slot.activate(model);
    if (path) await this.pipeline.swap({ path, ...(samePort ? {} : { decoder: protocol.decoder }) });
    await former.classifier.close();
    if (!samePort) {
      await this.#live.close();
      this.#live = new Live(config, protocol);
      await this.#listen();
    }
    for (const [key] of waiting) this.logger.warn('a change takes effect at the next start', { key });
    this.logger.info('configuration reloaded', { windowsBeginAnew: !samePath });
    this.#look();
  }

  /** Ends a recording properly, says goodbye to the broker, closes the port. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#live.close();
    await this.pipeline.idle();
    if (this.recording.state) await this.recording.stop('the agent stopped');
    await this.#rollout?.stop();
    await this.#publisher.close(1000);
    await this.model().classifier.close();
  }

  async #begin(onRestart: () => void): Promise<void> {
    const { robotId, mqtt, diagnosticsIntervalS } = this.#config;
    const publisher = this.#publisher;
    this.pipeline.watchers.add(this.diagnostics);
    this.pipeline.watchers.add(new Reporter(this.pipeline, publisher));
    this.pipeline.watchers.add({
      onFailure: (error) => this.logger.error('a window could not be classified', { error: error.message }),
    });
    const homeAssistant = new HomeAssistant(publisher, {
      robotId,
      prefix: mqtt.homeAssistant.prefix,
      version: this.version,
      labels: () => this.model().card.labels,
    });
    if (mqtt.commands.enabled) {
      const { perMinute } = mqtt.commands;
      const handlers = commandHandlers(this, { homeAssistant, rollout: this.#rollout, onRestart });
      new CommandDispatcher(publisher, handlers, { robotId, perMinute, log: this.logger }).start();
    }
    await Promise.all([publisher.start(), this.#listen()]);
    this.#rollout?.start();
    if (mqtt.homeAssistant.enabled) homeAssistant.start();
    publisher.publishRecording(this.recording.body);
    this.#look();
    this.#timers = [
      setInterval(() => this.#look(), lookMs),
      setInterval(() => publisher.publishDiagnostics(this.diagnostics.body()), 1000 * diagnosticsIntervalS),
    ];
  }

  #listen(): Promise<void> {
    return this.#live.start({
      onBytes: (bytes, arrivalUs) => this.pipeline.feed(bytes, arrivalUs),
      onOpen: () => this.pipeline.restart(),
      onState: (state, reason) => {
        const fields = { port: this.#live.name, reason };
        if (state === 'open') this.logger.info('port is open', fields);
        else if (state === 'waiting') this.logger.warn('port is waited for', fields);
        this.#look();
      },
    });
  }

  /** Publishes the status when it changed. */
  #look(): void {
    const status = this.#status.look();
    const text = JSON.stringify(status);
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    this.#publisher.publishStatus(status);
  }

  #createSlot(model: LoadedModel): ModelSlot {
    const agent = this;
    return new ModelSlot(this.pipeline, model, {
      get configuredFolder() {
        return agent.#config.model;
      },
      get engine() {
        return agent.#config.engine;
      },
      get nominalRateHz() {
        return agent.#config.nominalRateHz;
      },
      createPath: (card) => createSamplePath(card, this.#live.protocol, this.#input),
      onChange: ({ card }) => {
        this.logger.info('model in use', { model: `${card.name}@${card.version}` });
        this.#look();
      },
    });
  }

  #createRecording(): RecordingControl {
    const agent = this;
    const { robotId, sessions } = this.#config;
    const { quotaMiB, minFreeMiB, deleteLabelled, maxFileMiB, maxFileMinutes } = sessions;
    return new RecordingControl(this.pipeline, {
      robotId,
      version: this.version,
      get protocol() {
        return agent.#live.protocol;
      },
      get protocolSpec() {
        return agent.#config.protocol;
      },
      get input() {
        return agent.#input;
      },
      model: () => this.model(),
      space: {
        folder: this.sessionsFolder,
        quotaBytes: quotaMiB === undefined ? undefined : quotaMiB * mebibyte,
        minFreeBytes: minFreeMiB * mebibyte,
        deleteLabelled,
      },
      limits: { maxPartBytes: maxFileMiB * mebibyte, maxPartS: maxFileMinutes * 60 },
      onChange: (body) => this.#publisher.publishRecording(body),
    });
  }

  /** Whether the model in use is the configuration's, and not one that came over the air. */
  #isConfigured(): boolean {
    return this.model().folder === this.#config.model;
  }

  #refuseWhileRecording(): void {
    if (this.recording.state === undefined) return;
    throw new UserError('found a recording running, expected none: stop it first', 75);
  }
}

function inputOf(config: Config, file: string): Input {
  const { protocol, calibration, nominalRateHz, maxGapS } = config;
  return {
    file,
    protocol,
    midStream: true,
    calibration:
      calibration === undefined ? undefined : { file: calibration, content: loadCalibration(calibration) },
    nominalRateHz,
    maxGapS,
  };
}

/** What windows depend on, beside the port and the model. */
function pathKeys({ calibration, nominalRateHz, maxGapS }: Input): unknown {
  return [calibration?.content.channels ?? null, nominalRateHz ?? null, maxGapS ?? null];
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
