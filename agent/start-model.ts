import type { Config } from './config/schema.ts';
import { UserError } from './errors.ts';
import { type LoadedModel, loadModel } from './model/load.ts';
import type { ModelStore } from './publish/rollout/store.ts';
import type { Logger } from './service/log.ts';

/**
 * The model to start with: the last one that came over the air and proved itself, else the configuration's. One that
 * came over the air and cannot be loaded any more is given up with a warning; the configuration's must load
 * (ConfigError).
 */
export async function startModel(
  config: Pick<Config, 'model' | 'engine'>,
  store: ModelStore | undefined,
  logger: Logger,
): Promise<LoadedModel> {
  for (let folder = store?.startFolder(); folder !== undefined; folder = store?.startFolder()) {
    try {
      return await loadModel(folder, config.engine);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      logger.warn('a model that came over the air cannot be used', { folder, reason: error.message });
      store?.rollback(error.message);
    }
  }
  return await loadModel(config.model, config.engine);
}
