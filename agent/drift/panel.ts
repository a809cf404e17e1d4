import { Adwin } from './detectors/adwin.ts';
import { Cusum } from './detectors/cusum.ts';
import type { Detector } from './detectors/detector.ts';
import { Ewma } from './detectors/ewma.ts';
import { Kswin } from './detectors/kswin.ts';
import { PageHinkley } from './detectors/page-hinkley.ts';

/** The detectors of one stream of standardised values. */
export const detectorNames = ['ewma', 'slow-ewma', 'cusum', 'page-hinkley', 'adwin', 'kswin'] as const;
export type DetectorName = (typeof detectorNames)[number];

/** Compared with the reference, so that they know what is right from the first window on. */
const againstReference = 3;

/** Threshold of the CUSUM, in standard deviations. */
const cusumThreshold = 8;
/** Evidence of the CUSUM stops growing here, over its limit: what ended long ago must not be drift for ever. */
const cusumCap = 1.2;

/**
 * All detectors on one stream. Both EWMAs and the CUSUM compare with the reference and go on over a change of surface,
 * because their input is already relative to the surface; the others compare now with before and start anew. The slow
 * EWMA remembers some fifty windows: one stretch of road is always a little off, several in a row are not.
 */
export class Panel {
  readonly #detectors: Detector[];
  /** Evidence of each detector over its own threshold, in the order of `detectorNames`; the latest values. */
  readonly severity = new Float64Array(detectorNames.length);

  /** `cusumLimit`: the limit that the CUSUM's evidence will be held against; default: none. */
  constructor(cusumLimit = Number.POSITIVE_INFINITY) {
    this.#detectors = [
      new Ewma({ lambda: 0.15, limit: 3 }),
      new Ewma({ lambda: 0.02, limit: 3, settled: true }),
      new Cusum({
        allowance: 1.5,
        threshold: cusumThreshold,
        cap: cusumThreshold * cusumLimit * cusumCap,
      }),
      new PageHinkley({ minInstances: 15, delta: 0.3, threshold: 12, alpha: 0.99 }),
      new Adwin({ delta: 0.002, clock: 4 }),
      new Kswin({ alpha: 0.0005, windowSize: 60, statSize: 20 }),
    ];
  }

  push(z: number): void {
    for (let d = 0; d < this.#detectors.length; d++) {
      const detector = this.#detectors[d];
      detector.update(z);
      const { statistic, threshold } = detector;
      this.severity[d] = threshold === Number.POSITIVE_INFINITY ? 0 : statistic / threshold;
    }
  }

  /** The surface changed, or time is missing: what was before is no measure of what comes. */
  restartComparisons(): void {
    for (let d = againstReference; d < this.#detectors.length; d++) this.#detectors[d].reset();
    this.severity.fill(0, againstReference);
  }

  reset(): void {
    for (const detector of this.#detectors) detector.reset();
    this.severity.fill(0);
  }
}
