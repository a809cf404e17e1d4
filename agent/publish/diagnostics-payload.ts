import { z } from 'zod';
import { count, quantity } from './payload-parts.ts';

const latency = z.object({
  p50: quantity('ms', 'Half are faster').nullable(),
  p99: quantity('ms', '99 % are faster').nullable(),
});

const sensorReport = z.object({
  name: z.string().meta({ description: 'Channel' }),
  outOfRange: count('Samples at or beyond the ends of its valid range'),
  saturated: z.boolean().meta({ description: 'A tenth of its last samples are at or beyond its limits' }),
  stuck: z.boolean().meta({ description: 'It repeats one number that is not that of a motor at rest' }),
  reversed: z.boolean().meta({ description: 'It is negative although its range has no negative values' }),
});

const signalReport = z.object({
  lostSamples: count('Samples missing from the sequence numbers'),
  refusedSamples: count('Samples with a number that is not finite'),
  lateSamples: count('Samples dropped because their time was before that of the newest one').optional(),
  windowRestarts: count('Times that the window began anew: gaps, resets of the device, reconnects'),
  deviceResets: count("Times that the device's clock began anew"),
  clockSkewPpm: quantity('ppm', "How much faster the agent's clock runs than the device's").nullable(),
  clockJumps: count("Times that the device's clock broke by more than a second against the agent's"),
  delayS: quantity('s', 'Delay of the resampler').nullable(),
  channels: z.array(sensorReport).meta({ description: 'State of each sensor' }),
});

/** Counters and rates of the whole agent: every drop is in it. */
export const diagnosticsBody = z.object({
  uptimeS: quantity('s', 'Since the agent started'),
  sampleRateHz: quantity('Hz', 'Samples arriving').nullable(),
  windowRateHz: quantity('Hz', 'Windows classified').nullable(),
  bytes: count('Bytes received since the start'),
  discardedBytes: count('Bytes that were no part of a valid frame'),
  discardedFrames: z
    .record(z.string(), z.number().int().nonnegative())
    .meta({ description: 'Frames or lines that were refused, by reason' })
    .optional(),
  pollTimeouts: count('Requests to the device that it did not answer in time; polled protocols').optional(),
  droppedWrites: count(
    'Requests to the device that were not sent: its port was closed; polled protocols',
  ).optional(),
  samples: count('Samples decoded'),
  windows: count('Windows classified'),
  gaps: count('Gaps in the data; each restarts the window'),
  signal: signalReport.meta({ description: 'The way from reading to window' }).optional(),
  queue: count('Windows waiting for the classifier'),
  droppedWindows: count('Windows lost: the classifier was too slow, or failed'),
  driftSkippedWindows: count(
    'Windows across a change of surface: published, but of no surface that drift could compare them with',
  ).optional(),
  lostRecordingSamples: count(
    'Samples missing from recordings: the disk was too slow, full or gone',
  ).optional(),
  inferenceMs: latency.meta({ description: 'Time in the model, over the last windows' }),
  memoryBytes: quantity('B', 'Resident memory'),
  commands: z
    .object({
      received: count('Requests that arrived'),
      refused: count('Of them, answered with an error'),
      ignored: count('Of them, not even answered: a flood, or no name of a command'),
    })
    .meta({ description: 'Requests over MQTT; absent where they are turned off' })
    .optional(),
  mqtt: z
    .object({
      sent: count('Messages handed to the broker'),
      dropped: z.record(z.string(), z.number().int().nonnegative()).meta({
        description: 'Messages that were never sent, by topic below the robot; `other` for the rest',
      }),
      reconnects: count('Connections after the first'),
      outboxBytes: quantity('B', 'Waiting for the broker'),
      outboxMessages: count('Waiting for the broker'),
    })
    .meta({ description: 'The connection to the broker; the publisher fills it in' }),
});
