/** A walk over the elements of a result, with the step of each operand along each axis; axes are merged where they can be. */
export interface Walk {
  readonly sizes: number[];
  /** One list of steps for each operand, as long as `sizes`; 0 repeats the operand. */
  readonly steps: number[][];
}

/** Steps along the axes of `whole` for an operand of this shape that is broadcast to it. */
export function broadcastSteps(shape: readonly number[], whole: readonly number[]): number[] {
  const steps = new Array<number>(whole.length).fill(0);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1) steps[i + whole.length - shape.length] = step;
    step *= shape[i];
  }
  return steps;
}

/** Drops axes of length 1 and merges neighbours that all operands walk in one line. At least one axis is left. */
export function merged(walk: Walk): Walk {
  const sizes: number[] = [];
  const steps: number[][] = walk.steps.map(() => []);
  for (let i = walk.sizes.length - 1; i >= 0; i--) {
    if (walk.sizes[i] === 1) continue;
    const inLine = sizes.length > 0 && steps.every((own, k) => walk.steps[k][i] === own[0] * sizes[0]);
    if (inLine) {
      sizes[0] *= walk.sizes[i];
    } else {
      sizes.unshift(walk.sizes[i]);
      for (const [k, own] of steps.entries()) own.unshift(walk.steps[k][i]);
    }
  }
  if (sizes.length > 0) return { sizes, steps };
  return { sizes: [1], steps: walk.steps.map(() => [1]) };
}

/** Calls `visit` with the place of each operand at the start of every line along the last axis. */
export function eachLine(walk: Walk, visit: (places: number[]) => void): void {
  const { sizes, steps } = walk;
  const last = sizes.length - 1;
  const places = steps.map(() => 0);
  const count = new Array<number>(last).fill(0);
  for (;;) {
    visit(places);
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      count[axis]++;
      for (let k = 0; k < places.length; k++) places[k] += steps[k][axis];
      if (count[axis] < sizes[axis]) break;
      for (let k = 0; k < places.length; k++) places[k] -= steps[k][axis] * sizes[axis];
      count[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** Steps of a dense tensor. */
export function denseSteps(shape: readonly number[]): number[] {
  const steps = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    steps[i] = step;
    step *= shape[i];
  }
  return steps;
}
