import { dirname, join } from 'node:path';
import { commandHandlers } from './agent-commands.ts';
import { type Changing, createRecording, createSlot } from './agent-parts.ts';
import { prepareReload } from './agent-reload.ts';
import { AgentStatus } from './agent-status.ts';
import { assemble, inputOf } from './assemble.ts';
import type { CalibrationFile } from './config/calibration-file.ts';
import type { Config } from './config/schema.ts';
import { UserError } from './errors.ts';
import { Live } from './live.ts';
import type { LoadedModel } from './model/load.ts';
import type { ModelSlot } from './model-slot.ts';
import { packageRoot } from './package-root.ts';
import type { Pipeline } from './pipeline.ts';
import { CommandDispatcher } from './publish/commands.ts';
import { HomeAssistant } from './publish/home-assistant.ts';
import { Publisher } from './publish/publisher.ts';
import { readPublicKeys } from './publish/rollout/announcement.ts';
import { Rollout } from './publish/rollout/rollout.ts';
import { ModelStore } from './publish/rollout/store.ts';
import type { RecordingControl } from './recording-control.ts';
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
  #now: Changing;
  readonly #slot: ModelSlot;
  readonly #publisher: Publisher;
  readonly #status: AgentStatus;
  readonly #rollout: Rollout | undefined;
  #commands: CommandDispatcher | undefined;
  #homeAssistant: HomeAssistant | undefined;
  #lastStatus = '';
  /** State and reasons that the log heard last. */
  #lastHow = '';
  #timers: NodeJS.Timeout[] = [];

  /** Resolves when the model is loaded, the broker was tried, and the port is open or being waited for. */
  static async start(options: AgentOptions): Promise<Agent> {
    const { folder, publicKeys } = options.config.mqtt.models;
    const store = folder === undefined ? undefined : new ModelStore(folder);
    const keys = readPublicKeys(publicKeys);
    const model = await startModel(options.config, store, options.logger);
    const { notice } = model.classifier;
    if (notice) options.logger.warn('the model runs on another engine', { notice });
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
    const input = inputOf(config, configFile);
    const { pipeline, protocol } = assemble(model, input);
    this.pipeline = pipeline;
    this.#now = { config, input, live: new Live(config, protocol) };
    const now = () => this.#now;
    this.diagnostics = new Diagnostics(pipeline, () => ({
      commands: this.#commands?.counters,
      pollTimeouts: this.#now.live.timeouts,
      droppedWrites: this.#now.live.droppedWrites,
      lostRecordingSamples: this.recording.lostSamples,
    }));
    this.#publisher = new Publisher({ ...config.mqtt, robotId: config.robotId, version }, { log: logger });
    this.#slot = createSlot(
      pipeline,
      model,
      now,
      (id, swap) => this.recording.handOver(id, swap),
      ({ card }) => {
        logger.info('model in use', { model: `${card.name}@${card.version}` });
        this.#homeAssistant?.renew();
        this.#look();
      },
    );
    this.recording = createRecording(
      pipeline,
      version,
      () => this.model(),
      now,
      (body) => this.#publisher.publishRecording(body),
    );
    this.#status = new AgentStatus({
      version,
      configFile,
      pipeline,
      live: () => this.#now.live,
      model: () => this.model(),
      configuredHz: () => this.#now.config.nominalRateHz,
      recording: this.recording,
    });
    this.#rollout = createRollout(this.#slot, this.#publisher);
  }

  config(): Config {
    return this.#now.config;
  }

  model(): LoadedModel {
    return this.#slot.active();
  }

  source() {
    const { name, state, opened } = this.#now.live;
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
    return this.#now.live.protocol.channels;
  }

  get calibration(): CalibrationFile | undefined {
    return this.#now.input.calibration?.content;
  }

  get sessionsFolder(): string {
    return this.#now.config.sessions.folder!;
  }

  get modelFolders(): readonly string[] {
    const { model, mqtt } = this.#now.config;
    const folders = [join(packageRoot, 'models'), dirname(model), mqtt.models.folder];
    return [...new Set(folders.filter((folder) => folder !== undefined))];
  }

  async activateModel(folder: string): Promise<void> {
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
    const next = await prepareReload(this.configFile, this.#now, this.model());
    const { config, input, model, protocol, path, gain } = next;
    const { live } = this.#now;
    this.#now = { config, input, live: protocol ? new Live(config, protocol) : live };
    if (model) await (await this.#slot.activate(model)).classifier.close();
    if (path) await this.pipeline.swap({ path, ...(protocol && { decoder: protocol.decoder }) });
    if (gain) await this.pipeline.swap({ gain: gain.tracker });
    if (protocol) {
      await live.close();
      await this.#listen();
    }
    for (const key of next.waiting) this.logger.warn('a change takes effect at the next start', { key });
    this.logger.info('configuration reloaded', { windowsBeginAnew: path !== undefined });
    this.#look();
  }

  /** Ends a recording properly, says goodbye to the broker, closes the port. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#now.live.close();
    await this.pipeline.idle();
    if (this.recording.state) await this.recording.stop('the agent stopped');
    await this.#rollout?.stop();
    await this.#publisher.close(1000);
    await this.model().classifier.close();
  }

  async #begin(onRestart: () => void): Promise<void> {
    const { robotId, mqtt, diagnosticsIntervalS } = this.#now.config;
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
    this.#homeAssistant = homeAssistant;
    if (mqtt.commands.enabled) {
      const { perMinute } = mqtt.commands;
      const handlers = commandHandlers(this, { homeAssistant, rollout: this.#rollout, onRestart });
      this.#commands = new CommandDispatcher(publisher, handlers, { robotId, perMinute, log: this.logger });
      this.#commands.start();
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
    const { live } = this.#now;
    return live.start({
      onBytes: (bytes, arrivalUs) => this.pipeline.feed(bytes, arrivalUs),
      onOpen: () => this.pipeline.restart(),
      onState: (state, reason) => {
        if (live !== this.#now.live) return;
        const fields = { port: live.name, reason };
        if (state === 'open') this.logger.info('port is open', fields);
        else if (state === 'waiting') this.logger.warn('port is waited for', fields);
        this.#look();
      },
    });
  }

  /** Publishes the status when it changed; the log hears what is new in how the agent is. */
  #look(): void {
    const status = this.#status.look();
    const text = JSON.stringify(status);
    if (text === this.#lastStatus) return;
    this.#lastStatus = text;
    const { state, reasons } = status;
    const how = JSON.stringify([state, reasons]);
    if (how !== this.#lastHow && status.source?.state === 'open') {
      if (state === 'degraded') this.logger.warn('degraded', { reasons });
      else if (this.#lastHow !== '') this.logger.info('all is well again');
      this.#lastHow = how;
    }
    this.#publisher.publishStatus(status);
  }

  #refuseWhileRecording(): void {
    if (this.recording.state === undefined) return;
    throw new UserError('found a recording running, expected none: stop it first', 75);
  }
}
