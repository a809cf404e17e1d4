import { type Check, type CheckResult, type Patient, problem } from './check.ts';
import { checkBroker } from './check-broker.ts';
import { checkChannels, checkConfiguration, checkModel } from './check-configuration.ts';
import { checkClock, checkDisk, checkHardening, checkUnit, checkVersions } from './check-machine.ts';
import { checkBytes, checkGroup, checkPort } from './check-port.ts';

/** In the order in which one thing needs the other. */
const checks: readonly Check[] = [
  checkVersions,
  checkConfiguration,
  checkModel,
  checkChannels,
  checkPort,
  checkGroup,
  checkBytes,
  checkBroker,
  checkClock,
  checkDisk,
  checkUnit,
  checkHardening,
];

/** Makes all checks, one after the other; a check that fails itself is a problem, and the others go on. */
export async function examine(
  patient: Patient,
  onResult?: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  try {
    for (const check of checks) {
      const result = await attempt(check, patient);
      results.push(result);
      onResult?.(result);
    }
  } finally {
    await patient.model?.classifier.close();
  }
  return results;
}

async function attempt(check: Check, patient: Patient): Promise<CheckResult> {
  try {
    return await check(patient);
  } catch (error) {
    return problem(check.name, (error as Error).message, 'this check itself failed: report it with --bundle');
  }
}
