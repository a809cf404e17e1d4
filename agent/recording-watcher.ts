import type { Prediction } from './judge.ts';
import type { PipelineWatcher } from './pipeline.ts';
import type { OpenSession } from './recording-session.ts';
import { predictionMessage } from './session/prediction-message.ts';
import type { Reading } from './signal/sample.ts';

/** Hands what a pipeline or a stream of readings sees to the recorder of one session. */
export class SessionWatcher implements PipelineWatcher {
  readonly #session: OpenSession;
  #driftState = '';

  constructor(session: OpenSession) {
    this.#session = session;
  }

  onReading(reading: Reading, arrivalUs: number): void {
    this.#session.recorder.reading(reading, arrivalUs);
  }

  onRestart(): void {
    this.#session.recorder.event('reset', 'the bytes that follow do not continue the ones before');
  }

  onPrediction(prediction: Prediction): void {
    // While the model changes, the last predictions of one and the first of the other are not of this session.
    if (prediction.card !== this.#session.card) return;
    const { recorder } = this.#session;
    recorder.prediction(predictionMessage(prediction));
    const { state, moved, sinceUs } = prediction.drift;
    if (state === this.#driftState) return;
    this.#driftState = state;
    recorder.drift({ state, sinceUs, moved });
  }
}
