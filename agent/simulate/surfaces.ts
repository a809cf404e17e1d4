/**
 * What a surface does to the current of a skid-steered robot of about 20 kg. Orders of magnitude follow rolling
 * resistance tables (Wong, Theory of Ground Vehicles) and what the recordings of a real Husky look like;
 * the numbers are chosen, not measured: a model trained on them says nothing about a real robot.
 */
export interface Surface {
  readonly label: string;
  /** Rolling resistance coefficient: drag force over weight. */
  readonly rollingResistance: number;
  /** Friction that the wheels scrub against in a turn. */
  readonly scrubFriction: number;
  /** Standard deviation of the roughness force, as a share of weight, at 1 m/s. */
  readonly roughness: number;
  /** Length of the bumps that dominate the roughness, in metres. */
  readonly bumpLengthM: number;
  /** Distance of regular joints in metres (tiles, slabs); 0 for none. */
  readonly jointSpacingM: number;
  /** Slips a second at 1 m/s, and how much drag one adds while the wheel digs in, as a share of weight. */
  readonly slipRateHz: number;
  readonly slipDrag: number;
}

export const surfaces: readonly Surface[] = [
  surface('ASPHALT', 0.016, 0.75, 0.004, 0.12, 0, 0.02, 0.02),
  surface('CARPET', 0.045, 0.55, 0.002, 0.05, 0, 0, 0),
  surface('GRASS', 0.085, 0.45, 0.028, 0.45, 0, 0.25, 0.05),
  surface('GRAVEL', 0.055, 0.4, 0.045, 0.1, 0, 0.6, 0.05),
  surface('SAND', 0.19, 0.35, 0.02, 0.6, 0, 1.1, 0.1),
  surface('TILES', 0.013, 0.6, 0.0015, 0.05, 0.3, 0, 0),
];

function surface(
  label: string,
  rollingResistance: number,
  scrubFriction: number,
  roughness: number,
  bumpLengthM: number,
  jointSpacingM: number,
  slipRateHz: number,
  slipDrag: number,
): Surface {
  return {
    label,
    rollingResistance,
    scrubFriction,
    roughness,
    bumpLengthM,
    jointSpacingM,
    slipRateHz,
    slipDrag,
  };
}
