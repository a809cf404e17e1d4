import { Random } from './random.ts';
import { type Surface, surfaces } from './surfaces.ts';

/** A drive: which surfaces, how long on each, and what is wrong with the robot. */
export interface RobotOptions {
  readonly seed: number;
  /** Samples a second. */
  readonly rateHz: number;
  /** Labels in the order driven, again and again; default: all six, in a seeded random order. */
  readonly labels?: readonly string[];
  /** Seconds on one surface. */
  readonly dwellS?: number;
  /** 1 is the robot that the demo model knows; 1.5 has half as much weight again. A function of the time (s): it is loaded on the way. */
  readonly load?: number | ((timeS: number) => number);
}

/** One stamped sample of the simulated robot; reused by the next call. */
export interface RobotSample {
  timeUs: number;
  /** Current of the left and of the right motor, in A. */
  readonly currentA: Float64Array;
  label: string;
}

const weightN = 20 * 9.81;
const massKg = 20;
const wheelRadiusM = 0.1;
/** Torque constant at the wheel, after the gear and its losses, for one side. */
const torquePerA = 0.55;
const idleCurrentA = 0.35;
const adcStepA = 0.02;
const noiseA = 0.05;
const stallCurrentA = 30;

/**
 * A skid-steered robot with two motors, on six surfaces. The current of a motor is what its torque needs: rolling
 * resistance, roughness (a resonance at speed over bump length), joints, slips that dig in and let go, acceleration,
 * scrubbing in turns, the inrush of a start; then a Hall sensor's noise and the steps of its converter.
 * Deterministic for a seed. Time is the sample's own: run it as fast as you like.
 */
export class SimulatedRobot {
  readonly #random: Random;
  readonly #options: Required<RobotOptions>;
  readonly #sample: RobotSample = { timeUs: 0, currentA: new Float64Array(2), label: '' };
  readonly #bumps = [new Resonance(), new Resonance()];
  readonly #slipS = [0, 0];
  #index = 0;
  #order: Surface[] = [];
  #surface!: Surface;
  #dwellEndS = 0;
  #speed = 0;
  #targetSpeed = 0;
  #yaw = 0;
  #targetYaw = 0;
  #manoeuvreEndS = 0;
  #inrushA = 0;
  #distanceM = 0;
  #grip = 1;
  #load = 1;

  constructor(options: RobotOptions) {
    this.#random = new Random(options.seed);
    this.#options = { labels: [], dwellS: 40, load: 1, ...options };
    for (const label of this.#options.labels) {
      if (!surfaces.some((s) => s.label === label))
        throw new RangeError(
          `surface: found ${label}, expected one of ${surfaces.map((s) => s.label).join(', ')}`,
        );
    }
  }

  next(): RobotSample {
    const { rateHz } = this.#options;
    const timeS = this.#index / rateHz;
    const stepS = 1 / rateHz;
    if (timeS >= this.#dwellEndS) this.#enterSurface(timeS);
    if (timeS >= this.#manoeuvreEndS) this.#chooseManoeuvre(timeS);
    const { load } = this.#options;
    this.#load = typeof load === 'number' ? load : load(timeS);
    const accelerationMps2 = this.#drive(stepS);
    for (let side = 0; side < 2; side++) {
      this.#sample.currentA[side] = this.#measure(this.#motorCurrentA(side, stepS, accelerationMps2));
    }
    this.#sample.timeUs = Math.round(timeS * 1e6);
    this.#sample.label = this.#surface.label;
    this.#index++;
    return this.#sample;
  }

  #enterSurface(timeS: number): void {
    if (this.#order.length === 0) this.#order = this.#nextRound();
    this.#surface = this.#order.shift()!;
    this.#dwellEndS = timeS + this.#options.dwellS;
    // No two patches of a surface are alike: the grip of today's differs by some per cent.
    this.#grip = 1 + 0.08 * this.#random.normal();
  }

  #nextRound(): Surface[] {
    const wanted = this.#options.labels;
    if (wanted.length > 0) return wanted.map((label) => surfaces.find((s) => s.label === label)!);
    const order = [...surfaces];
    for (let i = order.length - 1; i > 0; i--) {
      const j = this.#random.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** Straight ahead most of the time, now and then a turn, seldom a stop with a start after it. */
  #chooseManoeuvre(timeS: number): void {
    const dice = this.#random.uniform();
    const wasStanding = this.#targetSpeed === 0;
    this.#targetYaw = dice > 0.65 && dice < 0.93 ? this.#random.between(-0.9, 0.9) : 0;
    this.#targetSpeed = dice > 0.93 && !wasStanding ? 0 : this.#random.between(0.6, 1);
    if (wasStanding && this.#targetSpeed > 0) this.#inrushA = this.#random.between(3, 6);
    const lastsS = this.#targetSpeed === 0 ? this.#random.between(0.5, 1.2) : this.#random.between(2, 6);
    this.#manoeuvreEndS = timeS + lastsS;
  }

  /** Speed and yaw rate follow their targets with the lag of a speed controller; returns the acceleration. */
  #drive(stepS: number): number {
    const wantedMps2 = (this.#targetSpeed - this.#speed) / 0.4;
    const accelerationMps2 = Math.max(-2, Math.min(1.5, wantedMps2));
    this.#speed = Math.max(0, this.#speed + accelerationMps2 * stepS);
    this.#yaw += ((this.#targetYaw - this.#yaw) / 0.3) * stepS;
    this.#distanceM += this.#speed * stepS;
    this.#inrushA *= Math.exp(-stepS / 0.12);
    return accelerationMps2;
  }

  #motorCurrentA(side: number, stepS: number, accelerationMps2: number): number {
    const s = this.#surface;
    const weight = weightN * this.#load;
    const moving = this.#speed > 0.02 ? 1 : 0;
    const bumpHz = Math.max(0.2, this.#speed / s.bumpLengthM);
    const bump = this.#bumps[side].step(this.#random.normal(), bumpHz, stepS) * s.roughness * this.#speed;
    const outward = side === 0 ? this.#yaw : -this.#yaw;
    const scrub = s.scrubFriction * 0.12 * (Math.abs(this.#yaw) + 0.6 * outward);
    const dragShare =
      s.rollingResistance * this.#grip * moving + bump + scrub + this.#slip(side, stepS) + this.#joint(side);
    const forceN = (weight / 2) * dragShare + ((massKg * this.#load) / 2) * accelerationMps2 * 0.8;
    return idleCurrentA * moving + (forceN * wheelRadiusM) / torquePerA + this.#inrushA;
  }

  /** A slip begins by chance, digs in for some tenths of a second, then lets go. */
  #slip(side: number, stepS: number): number {
    if (this.#slipS[side] > 0) {
      this.#slipS[side] -= stepS;
      return this.#surface.slipDrag;
    }
    if (this.#random.uniform() < this.#surface.slipRateHz * this.#speed * stepS) {
      this.#slipS[side] = this.#random.between(0.15, 0.7);
    }
    return 0;
  }

  /** The wheel climbs a joint's edge over 3 cm; the right wheel meets it half a spacing later. */
  #joint(side: number): number {
    const spacing = this.#surface.jointSpacingM;
    if (spacing === 0 || this.#speed < 0.02) return 0;
    const place = (this.#distanceM + (side * spacing) / 2) % spacing;
    return place < 0.03 ? 0.03 * this.#speed : 0;
  }

  #measure(trueA: number): number {
    const noisy = trueA + noiseA * this.#random.normal();
    const clipped = Math.max(-stallCurrentA, Math.min(stallCurrentA, noisy));
    return Math.round(clipped / adcStepA) * adcStepA;
  }
}

/** White noise through a two-pole resonance of unit output variance (an AR(2) process), re-tuned at every step. */
class Resonance {
  #y1 = 0;
  #y2 = 0;

  step(noise: number, centreHz: number, stepS: number): number {
    const angle = Math.min(2.8, 2 * Math.PI * centreHz * stepS);
    const radius = Math.exp(-0.35 * angle);
    const a1 = 2 * radius * Math.cos(angle);
    const a2 = -radius * radius;
    // Variance of an AR(2) process (Box and Jenkins, eq. 3.2.28): divide it out.
    const variance = (1 - a2) / ((1 + a2) * ((1 - a2) ** 2 - a1 ** 2));
    const y = a1 * this.#y1 + a2 * this.#y2 + noise / Math.sqrt(variance);
    this.#y2 = this.#y1;
    this.#y1 = y;
    return y;
  }
}
