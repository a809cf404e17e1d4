import { createJudge } from './assemble.ts';
import type { ModelCard } from './model/card.ts';
import { loadCard } from './model/card-file.ts';
import { type Engine, type LoadedModel, loadModel } from './model/load.ts';
import type { Pipeline, PipelineWatcher } from './pipeline.ts';
import type { ModelHost } from './publish/rollout/live-run.ts';

export interface ModelSlotOptions {
  /** Folder of the model that the configuration names. */
  readonly configuredFolder: string;
  readonly engine: Engine;
  /** Of the configuration, for the drift of the rate. */
  readonly nominalRateHz?: number | undefined;
  /** Called after another model was taken into use. */
  readonly onChange?: (model: LoadedModel) => void;
}

/** The model in use by a pipeline, which can be another one from one window to the next. */
export class ModelSlot implements ModelHost {
  readonly configuredFolder: string;
  readonly #pipeline: Pipeline;
  readonly #options: ModelSlotOptions;
  #model: LoadedModel;

  constructor(pipeline: Pipeline, model: LoadedModel, options: ModelSlotOptions) {
    this.#pipeline = pipeline;
    this.#model = model;
    this.#options = options;
    this.configuredFolder = options.configuredFolder;
  }

  active(): LoadedModel {
    return this.#model;
  }

  card(folder: string): ModelCard {
    return loadCard(folder);
  }

  load(folder: string): Promise<LoadedModel> {
    return loadModel(folder, this.#options.engine);
  }

  /** The new model must take the same windows (rate, steps, stride, channels) as the one in use. */
  async activate(model: LoadedModel): Promise<LoadedModel> {
    const former = this.#model;
    this.#model = model;
    await this.#pipeline.swap(createJudge(model, this.#options.nominalRateHz));
    this.#options.onChange?.(model);
    return former;
  }

  watch(watcher: PipelineWatcher): () => void {
    this.#pipeline.watchers.add(watcher);
    return () => this.#pipeline.watchers.delete(watcher);
  }
}
