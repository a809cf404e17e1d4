import { ConfigError } from '../errors.ts';

/** What may stand in a topic level that comes from outside: no `/`, `+`, `#`, `$`, space or control character. */
export const levelPattern = /^[A-Za-z0-9_-]+$/;

/** Topics on which the agent reports by itself; the name is the last level. */
export const reportNames = [
  'status',
  'prediction',
  'surface',
  'drift',
  'diagnostics',
  'recording',
  'model',
] as const;
export type ReportName = (typeof reportNames)[number];

/** Every topic of one robot: `<prefix>/<robotId>/...`. */
export interface Topics {
  readonly base: string;
  readonly report: Readonly<Record<ReportName, string>>;
  /** Where requests are taken: `command/<name>`. */
  command(name: string): string;
  /** Where an answer goes when the request named no response topic: `command/<name>/result`. */
  result(name: string): string;
  /** Filter for all requests, without the results. */
  readonly allCommands: string;
  /** Retained announcements of a model to the whole fleet (`<prefix>/fleet/model`) and to this robot. */
  readonly fleetModel: string;
  /** Where below the prefix answers may go: `<prefix>/reply/`. */
  readonly replies: string;
  readonly prefix: string;
  readonly robotModel: string;
}

const fleetLevel = 'fleet';
const replyLevel = 'reply';

/** Where a model is announced to all robots. */
export function fleetModelTopic(prefix: string): string {
  return `${prefix}/${fleetLevel}/model`;
}

/** Topics of `robotId` under `prefix`, which may have several levels (`site-a/robots`). Throws ConfigError. */
export function createTopics(prefix: string, robotId: string): Topics {
  for (const level of prefix.split('/')) checkLevel(level, 'mqtt.prefix');
  checkLevel(robotId, 'robotId');
  if (robotId === fleetLevel || robotId === replyLevel) {
    throw new ConfigError([
      {
        file: 'MQTT topic',
        key: 'robotId',
        found: robotId,
        expected: `another name: <prefix>/${robotId} belongs to all robots`,
      },
    ]);
  }
  const base = `${prefix}/${robotId}`;
  const report = Object.fromEntries(reportNames.map((name) => [name, `${base}/${name}`]));
  return {
    base,
    report: report as Record<ReportName, string>,
    command: (name) => `${base}/command/${checkLevel(name, 'command')}`,
    result: (name) => `${base}/command/${checkLevel(name, 'command')}/result`,
    allCommands: `${base}/command/+`,
    fleetModel: fleetModelTopic(prefix),
    replies: `${prefix}/${replyLevel}/`,
    prefix,
    robotModel: `${base}/model/announce`,
  };
}

function checkLevel(level: string, key: string): string {
  if (levelPattern.test(level) && level.length <= 128) return level;
  throw new ConfigError([
    {
      file: 'MQTT topic',
      key,
      found: JSON.stringify(level.slice(0, 140)),
      expected: 'letters, digits, _ and - only, 1 to 128 of them, in every level',
    },
  ]);
}
