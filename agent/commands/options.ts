import { engines } from '../model/load.ts';

/** Options that several commands share. */
export const modelOption = {
  alias: 'm',
  type: 'string',
  demandOption: true,
  requiresArg: true,
  describe: 'Model folder, or the name of one that ships with underfoot',
} as const;

export const engineOption = {
  choices: engines,
  default: 'auto',
  describe: 'What runs the model; auto is ONNX Runtime',
} as const;

export const gainTrackingOption = {
  type: 'boolean',
  default: false,
  describe:
    "Follow the gain of the current over the robot's history and take it out (docs/drift-recovery.md)",
} as const;
