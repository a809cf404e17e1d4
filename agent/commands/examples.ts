import type { Argv, CommandModule } from 'yargs';

/** What to type, by command: `--help` shows it below the options. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  demo: ['underfoot demo', 'underfoot demo --load 1.5 --dwell 20'],
  ports: ['underfoot ports --json'],
  run: ['underfoot run --config robot.yaml --print'],
  replay: [
    'underfoot replay drive.csv --model husky-a200-1ch',
    'underfoot replay SESSION --compare runs/first/model',
  ],
  evaluate: ['underfoot evaluate --model runs/first/model --data other-recordings --json'],
  'drift explain': ['underfoot drift explain SESSION --out page.html'],
  train: [
    'underfoot train --data recordings --channels curL,curR --rate 25 --out runs/first',
    'underfoot train --data recordings --channels curL --rate 6.5 --architecture features --out runs/second',
  ],
  diagnose: ['underfoot diagnose runs/first --search'],
  'models list': ['underfoot models list', 'underfoot models list runs --json'],
  'models info': ['underfoot models info husky-a200-1ch'],
  'models verify': ['underfoot models verify runs/first/model'],
  'models compare': ['underfoot models compare husky-a200-1ch runs/first/model --data other-recordings'],
  'models import': [
    'underfoot models import net.keras --data other-recordings --labels ICE,SNOW --channels curL --rate 6.5',
  ],
  'models rebaseline': [
    'underfoot models rebaseline --model runs/first/model --data today --reason "new tyres" --out models/tyres',
  ],
  watch: ['underfoot watch --robot husky-1', 'underfoot watch --broker mqtt://10.0.0.5:1883 --json'],
  announce: [
    'underfoot announce runs/first/model --bundle first.zip --url https://example.org/first.zip --key key.pem --share 0.1',
  ],
  record: [
    'underfoot record --config robot.yaml --label ASPHALT',
    'underfoot record --label SAND --duration 5m --note "wet, new battery"',
  ],
  'sessions list': ['underfoot sessions list --config robot.yaml'],
  'sessions info': ['underfoot sessions info SESSION'],
  'sessions verify': ['underfoot sessions verify'],
  'sessions recover': ['underfoot sessions recover --folder /var/lib/underfoot/sessions'],
  'sessions label': ['underfoot sessions label SESSION GRAVEL --from 12.5 --to 40'],
  'sessions trim': ['underfoot sessions trim SESSION --from 5 --to 65'],
  'sessions split': ['underfoot sessions split SESSION', 'underfoot sessions split SESSION --at 30 --at 60'],
  'sessions export': [
    'underfoot sessions export --format csv --by-label --out csv',
    'underfoot sessions export --format npz --model husky-a200-1ch --out windows.npz',
  ],
  'sessions import': ['underfoot sessions import recordings --robot husky-1'],
  'sessions balance': ['underfoot sessions balance --rate 25 --channels curL --out windows.npz'],
  'config check': ['underfoot config check robot.yaml'],
  'config show': ['underfoot config show robot.yaml'],
  'config schema': ['underfoot config schema >underfoot.schema.json'],
  'config reference': ['underfoot config reference'],
  'calibrate zero': ['underfoot calibrate zero --config robot.yaml'],
  'calibrate gain': ['underfoot calibrate gain --config robot.yaml --reference 2.0,5.0,10.0 --channel curL'],
  'calibrate reference': ['underfoot calibrate reference --label CONCRETE --config robot.yaml'],
  'calibrate show': ['underfoot calibrate show husky-1.calibration.yaml'],
  simulate: ['underfoot simulate --protocol vesc --port-link /tmp/vesc --label SAND TILES'],
  init: ['sudo underfoot init', 'underfoot init --yes --port /dev/underfoot --baud 115200 --out robot.yaml'],
  doctor: ['underfoot doctor --config robot.yaml', 'sudo underfoot doctor --bundle support.zip'],
  install: ['sudo underfoot install'],
  uninstall: ['sudo underfoot uninstall'],
};

export const exitCodes =
  'Exit codes: 0 good; 1 doctor found a problem; 64 wrong usage; 65 wrong data; 66 no such input; ' +
  '69 something that is needed is not there; 70 a fault of underfoot; 73, 74 cannot write or read; 75 try again; ' +
  '77 needs root; 78 wrong configuration; 130 interrupted.';

// biome-ignore lint/suspicious/noExplicitAny: each module has its own arguments; yargs has no type for a mixed list
type AnyCommand = CommandModule<any, any>;

/** The same commands, whose help ends with their examples and with what exit codes mean. */
export function withExamples(modules: readonly AnyCommand[], parent?: string): AnyCommand[] {
  return modules.map((module) => {
    const { command, builder } = module;
    const name = [parent, String(command).split(' ')[0]].filter((word) => word !== undefined).join(' ');
    if (!(name in examples)) return module;
    const below = ['Examples:', ...examples[name].map((line) => `  ${line}`), '', exitCodes].join('\n');
    return {
      ...module,
      builder: (y: Argv) =>
        (typeof builder === 'function' ? (builder(y) as Argv) : y.options(builder ?? {})).epilogue(below),
    };
  });
}
