import type { ProtocolName, ProtocolSpec } from '../../protocol/registry.ts';
import { CreateDevice } from './create.ts';
import type { CurrentSource, SimulatedDevice } from './device.ts';
import { DynamixelBus } from './dynamixel.ts';
import { OdriveDevice } from './odrive.ts';
import { RoboclawDevice } from './roboclaw.ts';
import { RoboteqDevice } from './roboteq.ts';
import { jsonDevice, plotterDevice, textDevice } from './text.ts';
import { binaryDevice } from './underfoot-binary.ts';
import { VescDevice } from './vesc.ts';

type Makers = {
  [Name in ProtocolName]: (
    spec: Extract<ProtocolSpec, { name: Name }>,
    currentA: CurrentSource,
    rateHz: number,
  ) => SimulatedDevice;
};

const makers: Makers = {
  text: (spec, currentA, rateHz) => textDevice(spec, rateHz, currentA),
  plotter: (spec, currentA, rateHz) => plotterDevice(spec, rateHz, currentA),
  json: (spec, currentA, rateHz) => jsonDevice(spec, rateHz, currentA),
  underfoot: (spec, currentA, rateHz) => binaryDevice(spec, rateHz, currentA),
  vesc: (spec, currentA) => new VescDevice(spec.controllers, perController(spec.currents.length, currentA)),
  odrive: (spec, currentA) => new OdriveDevice(spec.currents, currentA),
  roboclaw: (spec, currentA) => new RoboclawDevice(spec.address, spec.integrity, currentA),
  roboteq: (spec, currentA) => new RoboteqDevice(spec.motors, currentA),
  create: (spec, currentA) => new CreateDevice(spec.motors, currentA),
  dynamixel: (spec, currentA) => new DynamixelBus(spec, currentA),
};

/**
 * The device that a specification describes. `rateHz` is that of devices that talk by themselves; those that are asked
 * answer at the rate at which they are asked.
 */
export function createSimulatedDevice(
  spec: ProtocolSpec,
  currentA: CurrentSource,
  rateHz: number,
): SimulatedDevice {
  const make = makers[spec.name] as (s: ProtocolSpec, c: CurrentSource, rateHz: number) => SimulatedDevice;
  return make(spec, currentA, rateHz);
}

/** A controller with two channels (motor and input current) has the current of the first. */
function perController(currents: number, currentA: CurrentSource): CurrentSource {
  return (controller, timeUs) => currentA(controller * currents, timeUs);
}
