import type { Config } from '../config/schema.ts';
import type { LoadedModel } from '../model/load.ts';
import type { Pipeline } from '../pipeline.ts';
import type { MqttCounters } from '../publish/payloads.ts';
import type { RecordingControl } from '../recording-control.ts';
import type { SourceState } from '../source/source.ts';
import type { StatusView } from './dashboard/view.ts';
import type { Diagnostics } from './diagnostics.ts';

/** What the watchdog, the dashboard, `/metrics` and the health pages see of a running agent. */
export interface AgentView {
  readonly version: string;
  readonly startedMs: number;
  readonly pipeline: Pipeline;
  readonly diagnostics: Diagnostics;
  config(): Config;
  model(): LoadedModel;
  source(): { name: string; state: SourceState; opened: number };
  status(): StatusView;
  mqtt(): { connected: boolean; counters: MqttCounters };
  /** Where sessions are, and what records them; absent where the agent does not record. */
  readonly recording?: RecordingControl;
  readonly sessionsFolder?: string;
  /** Folders whose subfolders are models that may be activated. */
  readonly modelFolders?: readonly string[];
  /** Takes a model folder into use; throws UserError or ConfigError. */
  activateModel?(folder: string): Promise<void>;
}
