import { createGainTracker, createJudge } from './assemble.ts';
import type { ModelCard } from './model/card.ts';
import { loadCard } from './model/card-file.ts';
import { type Engine, type LoadedModel, loadModel } from './model/load.ts';
import type { Pipeline, PipelineWatcher } from './pipeline.ts';
import type { ModelHost } from './publish/rollout/live-run.ts';
import type { SamplePath } from './signal/sample-path.ts';

export interface ModelSlotOptions {
  /** Folder of the model that the configuration names. */
  readonly configuredFolder: string;
  readonly engine: Engine;
  /** Of the configuration, for the drift of the rate. */
  readonly nominalRateHz?: number | undefined;
  /** Follow the current's gain and take it out; begins anew with another model. */
  readonly gainTracking?: boolean | undefined;
  /** The way to other windows than those of the model in use. Throws ConfigError where its channels are not there. */
  readonly createPath?: (card: ModelCard) => SamplePath;
  /** Does `swap` when the moment is right for it. */
  readonly handOver?: (model: string, swap: () => Promise<void>) => Promise<void>;
  /** Called after another model was taken into use. */
  readonly onChange?: (model: LoadedModel) => void;
}

/** The model in use by a pipeline, which can be another one from one window to the next. */
export class ModelSlot implements ModelHost {
  readonly #pipeline: Pipeline;
  readonly #options: ModelSlotOptions;
  #model: LoadedModel;

  constructor(pipeline: Pipeline, model: LoadedModel, options: ModelSlotOptions) {
    this.#pipeline = pipeline;
    this.#model = model;
    this.#options = options;
  }

  get configuredFolder(): string {
    return this.#options.configuredFolder;
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

  /** Where the new model takes other windows (rate, steps, stride, channels), windows begin anew; else none is lost. */
  async activate(model: LoadedModel): Promise<LoadedModel> {
    const { createPath, nominalRateHz, gainTracking, handOver, onChange } = this.#options;
    const { card } = model;
    const former = this.#model;
    const path = takesSameWindows(card, former.card) ? undefined : createPath?.(card);
    this.#model = model;
    const gain = gainTracking ? createGainTracker(card) : undefined;
    const judge = createJudge(model, nominalRateHz, gain);
    const swap = () => this.#pipeline.swap({ ...judge, ...(path && { path }) });
    await (handOver ? handOver(`${card.name}@${card.version}`, swap) : swap());
    onChange?.(model);
    return former;
  }

  watch(watcher: PipelineWatcher): () => void {
    this.#pipeline.watchers.add(watcher);
    return () => this.#pipeline.watchers.delete(watcher);
  }
}

/** Whether windows for one model can be given to the other. */
export function takesSameWindows(a: ModelCard, b: ModelCard): boolean {
  const windows = ({ rateHz, steps, stride, channels }: ModelCard) =>
    JSON.stringify([rateHz, steps, stride, channels.map(({ name, unit }) => [name, unit])]);
  return windows(a) === windows(b);
}
