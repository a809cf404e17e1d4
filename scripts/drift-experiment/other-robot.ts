import { FeatureExtractor } from '../../agent/drift/features.ts';
import type { ModelCard } from '../../agent/model/card.ts';
import { windowsOf } from '../../agent/session/dataset.ts';
import { heldOutDrives } from '../models/demo.ts';
import { JUDGING_STRIDE } from '../models/husky-data.ts';
import type { FoldModel } from './fold-models.ts';
import { type JudgedWindow, judge } from './streams.ts';

/** Truth of a window whose surface the model has no label for; one for each surface of the other robot. */
export const UNKNOWN_TRUTH = 100;

/** Windows of the simulated robot at the card's rate, judged by the models: there is no second real robot to try. */
export async function simulatedRobot(card: ModelCard, models: readonly FoldModel[]): Promise<JudgedWindow[]> {
  const { channels, rateHz, steps } = card;
  const extractor = new FeatureExtractor(
    channels.map((c) => c.name),
    steps,
  );
  const surfaces: string[] = [];
  const windows = heldOutDrives().flatMap((recording, r) =>
    windowsOf(recording, { channels, rateHz, steps, stride: JUDGING_STRIDE }).map((window) => {
      const label = String(window.label);
      if (!surfaces.includes(label)) surfaces.push(label);
      return {
        recording: recording.id,
        truth: UNKNOWN_TRUTH + surfaces.indexOf(label),
        afterGap: window.afterGap,
        data: window.data,
        features: extractor.extract(window.data, new Float64Array(extractor.names.length)),
        rateHz,
        fold: r % models.length,
      };
    }),
  );
  return judge(windows, card, models);
}
