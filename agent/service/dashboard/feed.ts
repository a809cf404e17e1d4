import { TraceRing } from './trace.ts';
import type { PredictionView, StateView } from './view.ts';

/** Predictions kept for the ribbon; at one a second that is a quarter of an hour. */
const maxPredictions = 900;

/** How far a client has read. */
export interface Cursor {
  trace: number;
  prediction: number;
  state: number;
}

/** What a client is sent: only what it has not seen. */
export interface Delta {
  trace?: number[][];
  predictions?: PredictionView[];
  state?: StateView;
}

/**
 * The dashboard's memory: the agent writes, clients read at their own pace. Bounded, and it knows no client, so a
 * slow one costs the agent nothing: it only finds that the oldest rows are gone.
 */
export class LiveFeed {
  readonly trace: TraceRing;
  #predictions: PredictionView[] = [];
  #predictionCount = 0;
  #state: StateView | undefined;
  #stateCount = 0;

  constructor(channels: number) {
    this.trace = new TraceRing(channels);
  }

  pushPrediction(prediction: PredictionView): void {
    this.#predictionCount++;
    this.#predictions.push(prediction);
    if (this.#predictions.length >= 2 * maxPredictions)
      this.#predictions = this.#predictions.slice(-maxPredictions);
  }

  setState(state: StateView): void {
    this.#state = state;
    this.#stateCount++;
  }

  get state(): StateView | undefined {
    return this.#state;
  }

  /** Everything after `cursor`, which is moved to the end; undefined when there is nothing new. */
  read(cursor: Cursor): Delta | undefined {
    const delta: Delta = {};
    if (this.trace.closed > cursor.trace) {
      delta.trace = this.trace.rows(cursor.trace);
      cursor.trace = this.trace.closed;
    }
    if (this.#predictionCount > cursor.prediction) {
      const unseen = Math.min(this.#predictionCount - cursor.prediction, maxPredictions);
      delta.predictions = this.#predictions.slice(-unseen);
      cursor.prediction = this.#predictionCount;
    }
    if (this.#stateCount > cursor.state) {
      delta.state = this.#state;
      cursor.state = this.#stateCount;
    }
    return delta.trace || delta.predictions || delta.state ? delta : undefined;
  }
}

export function newCursor(): Cursor {
  return { trace: 0, prediction: 0, state: 0 };
}
