import { assemble } from '../../assemble.ts';
import { loadCalibration } from '../../config/calibration-file.ts';
import { loadConfig } from '../../config/load.ts';
import { loadModel } from '../../model/load.ts';
import { type Check, type CheckResult, ok, problem, skipped, warning } from './check.ts';

const edit = 'correct it, then: underfoot config check';

/** The configuration can be read and every key is known. */
export const checkConfiguration: Check = (patient) => {
  try {
    patient.config = loadConfig(patient.configFile);
    return ok('configuration', patient.configFile);
  } catch (error) {
    return problem('configuration', (error as Error).message, `${edit}; underfoot init writes a new one`);
  }
};

/** The model's files, tensors and self-test agree with its card. */
export const checkModel: Check = async (patient) => {
  const { config } = patient;
  if (!config) return skipped('model', 'no configuration');
  try {
    patient.model = await loadModel(config.model, config.engine);
  } catch (error) {
    return problem(
      'model',
      (error as Error).message,
      'take a model whose files belong together: copy its whole folder',
    );
  }
  const { card, classifier, selfTestError } = patient.model;
  const found = `${card.name} ${card.version} on ${classifier.engine}, self-test within ${selfTestError.toExponential(1)}`;
  if (card.simulated)
    return warning('model', found, 'it was trained on a simulated robot: record and train your own');
  if (classifier.notice) {
    return warning('model', `${found}; ${classifier.notice}`, 'fine as long as windows are not dropped');
  }
  return ok('model', found);
};

/** Channels, units and calibration fit the model. */
export const checkChannels: Check = ({ config, model, configFile }): CheckResult => {
  if (!config || !model) return skipped('channels', 'no configuration or no model');
  try {
    const { calibration: file, protocol, nominalRateHz, maxGapS } = config;
    const calibration = file === undefined ? undefined : { file, content: loadCalibration(file) };
    assemble(model, { file: configFile, protocol, midStream: true, calibration, nominalRateHz, maxGapS });
    const names = model.card.channels.map((channel) => `${channel.name} in ${channel.unit}`).join(', ');
    if (calibration) return ok('channels', `${names}, calibrated on ${calibration.content.created}`);
    return warning(
      'channels',
      `${names}, not calibrated`,
      'fine when the device sends amperes; else: underfoot calibrate',
    );
  } catch (error) {
    return problem('channels', (error as Error).message, edit);
  }
};
