import type { CurrentSource } from './devices/device.ts';
import type { SimulatedRobot } from './robot.ts';

/** Samples kept for those who ask a little late (two seconds at the rates in use). */
const kept = 4096;

/**
 * The current of the simulated robot at any time, from 0 on, up to about `kept` samples back: runs the robot as far as is
 * asked for and takes the last sample at or before that time. Channels beyond its two motors are its motors again.
 */
export class RobotCurrent {
  /** Surface at the latest time that was asked for. */
  label = '';
  readonly #robot: SimulatedRobot;
  readonly #rateHz: number;
  readonly #currentA = new Float64Array(2 * kept);
  #samples = 0;

  constructor(robot: SimulatedRobot, rateHz: number) {
    this.#robot = robot;
    this.#rateHz = rateHz;
  }

  readonly at: CurrentSource = (channel, timeUs) => {
    const wanted = Math.max(0, Math.floor((timeUs * this.#rateHz) / 1e6 + 1e-6));
    while (this.#samples <= wanted) {
      const sample = this.#robot.next();
      this.#currentA.set(sample.currentA, 2 * (this.#samples % kept));
      this.label = sample.label;
      this.#samples++;
    }
    return this.#currentA[2 * (wanted % kept) + (channel % 2)];
  };
}
