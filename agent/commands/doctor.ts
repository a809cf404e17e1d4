import type { CommandModule } from 'yargs';
import { writeBundle } from '../service/doctor/bundle.ts';
import { type CheckResult, type Patient, runProgram } from '../service/doctor/check.ts';
import { examine } from '../service/doctor/examine.ts';

interface Arguments {
  config: string;
  'state-folder': string;
  seconds: number;
  bundle?: string;
  json: boolean;
}

const words = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM', skipped: 'skipped' } as const;

export const doctorCommand: CommandModule<object, Arguments> = {
  command: 'doctor',
  describe: 'Check everything that a service needs, and say what to do; exit code 1 where there is a problem',
  builder: (y) =>
    y.options({
      config: {
        alias: 'c',
        type: 'string',
        requiresArg: true,
        default: '/etc/underfoot/underfoot.yaml',
        describe: 'Configuration file',
      },
      'state-folder': {
        type: 'string',
        requiresArg: true,
        default: '/var/lib/underfoot',
        describe: 'Where sessions are kept',
      },
      seconds: { type: 'number', default: 3, requiresArg: true, describe: 'Seconds to listen to the port' },
      bundle: {
        type: 'string',
        requiresArg: true,
        describe: 'Zip to write for whoever helps, without secrets',
      },
      json: { type: 'boolean', default: false, describe: 'Print JSON' },
    }),
  async handler(argv) {
    const patient: Patient = {
      configFile: argv.config,
      stateFolder: argv['state-folder'],
      listenS: argv.seconds,
      run: runProgram,
    };
    const results = await examine(patient, argv.json ? undefined : print);
    if (argv.bundle) writeBundle(argv.bundle, patient, results);
    const problems = results.filter((result) => result.outcome === 'problem').length;
    if (argv.json) console.log(JSON.stringify({ good: problems === 0, checks: results }, null, 2));
    else {
      if (argv.bundle)
        console.log(`${argv.bundle}: written, without secrets; look into it before you send it`);
      console.log(
        problems === 0 ? 'no problem found' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`,
      );
    }
    process.exitCode = problems === 0 ? 0 : 1;
  },
};

function print({ name, outcome, found, todo }: CheckResult): void {
  console.log(`${words[outcome]}  ${name}: ${found.replaceAll('\n', '\n         ')}`);
  if (todo) console.log(`         -> ${todo}`);
}
