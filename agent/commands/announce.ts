import { writeFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import { loadCard, modelFolder } from '../model/card-file.ts';
import { contactBroker } from '../publish/broker-client.ts';
import { packBundle } from '../publish/rollout/bundle.ts';
import { makeAnnouncement, readPrivateKey } from '../publish/rollout/make-announcement.ts';
import { createTopics, fleetModelTopic } from '../publish/topics.ts';
import { type BrokerArguments, brokerOf, brokerOptions } from './broker-arguments.ts';

interface Arguments extends BrokerArguments {
  model: string;
  bundle: string;
  url: string;
  key?: string;
  share: number;
  robot?: string;
  publish: boolean;
}

export const announceCommand: CommandModule<object, Arguments> = {
  command: 'announce <model>',
  describe: 'Bundle, sign and announce a model to robots over MQTT',
  builder: (y) =>
    y.positional('model', { type: 'string', demandOption: true, describe: 'Model folder' }).options({
      bundle: {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Where to write the bundle (zip)',
      },
      url: {
        type: 'string',
        demandOption: true,
        requiresArg: true,
        describe: 'Where robots get the bundle: https://, http:// or file://',
      },
      key: { type: 'string', requiresArg: true, describe: 'Ed25519 private key (PEM) to sign with' },
      share: { type: 'number', default: 1, describe: 'Share of the robots that take it, 0 to 1 (canary)' },
      robot: {
        alias: 'r',
        type: 'string',
        requiresArg: true,
        describe: 'Only to this robot; default: to all',
      },
      publish: {
        type: 'boolean',
        default: true,
        describe: 'Publish; --no-publish only prints the announcement',
      },
      ...brokerOptions,
    }),
  handler: announce,
};

async function announce(argv: Arguments): Promise<void> {
  const folder = modelFolder(argv.model);
  const card = loadCard(folder);
  const bundle = packBundle(folder);
  const key = argv.key === undefined ? undefined : readPrivateKey(argv.key);
  const announcement = makeAnnouncement(card, bundle, {
    url: argv.url,
    share: argv.share,
    issued: new Date(),
    key,
  });
  try {
    writeFileSync(argv.bundle, bundle);
  } catch (error) {
    throw new UserError(`${argv.bundle}: ${(error as Error).message}`, 74);
  }
  const payload = JSON.stringify(announcement);
  console.log(payload);
  if (!argv.publish) return;
  const mqtt = brokerOf(argv);
  const topic =
    argv.robot === undefined
      ? fleetModelTopic(mqtt.prefix)
      : createTopics(mqtt.prefix, argv.robot).robotModel;
  const client = await contactBroker(mqtt, console.error);
  await client.publishAsync(topic, payload, { qos: 1, retain: true });
  await client.endAsync();
  console.error(`announced ${card.name}@${card.version} on ${topic}${key ? '' : ', not signed'}`);
}
