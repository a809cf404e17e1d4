import { ReadlineParser } from 'serialport';
import { createProtocol, type Protocol, protocolSchema } from '../../agent/protocol/registry.ts';
import { Calibrator } from '../../agent/signal/calibration.ts';
import type { ChannelCalibration } from '../../agent/signal/channel-calibration.ts';
import { SamplePath } from '../../agent/signal/sample-path.ts';
import type { Format } from './stream.ts';

/** Takes bytes and says how many samples came of them. */
export interface Reader {
  feed(bytes: Uint8Array, arrivalUs: number): void;
  readonly samples: number;
  readonly windows: number;
}

const names = ['curL', 'curR'];
const calibration = names.map(
  (name): ChannelCalibration => ({ name, unit: 'A', offset: 512, gain: 0.074, validRange: [-30, 30] }),
);

function protocolFor(format: Format): Protocol {
  const text = {
    name: 'text',
    time: { column: 0, unit: 'us', wrapBits: 32 },
    columns: names.map((channel, i) => ({ column: i + 1, channel })),
  };
  const spec = format === 'text' ? text : { name: 'underfoot', channels: names };
  return createProtocol(protocolSchema.parse(spec), { midStream: false });
}

/** Bytes to calibrated samples. */
export function calibratedReader(format: Format): Reader {
  const { decoder } = protocolFor(format);
  const calibrator = new Calibrator(calibration);
  const values = new Float64Array(names.length);
  let samples = 0;
  return {
    feed(bytes) {
      decoder.append(bytes);
      for (let reading = decoder.next(); reading; reading = decoder.next()) {
        if (calibrator.apply(reading.values, values)) samples += 1;
      }
    },
    get samples() {
      return samples;
    },
    windows: 0,
  };
}

/** Bytes to 100-step windows, ten steps apart. */
export function windowReader(format: Format, inputRateHz: number, outputRateHz: number): Reader {
  const { decoder, timeBase, sequenceBits } = protocolFor(format);
  const path = new SamplePath({
    channels: calibration.map((channel, index) => ({ index, calibration: channel })),
    timeBase,
    sequenceBits,
    nominalRateHz: inputRateHz,
    rateHz: outputRateHz,
    steps: 100,
    stride: 10,
  });
  return {
    feed(bytes, arrivalUs) {
      decoder.append(bytes);
      for (let reading = decoder.next(); reading; reading = decoder.next()) path.push(reading, arrivalUs);
      while (path.next());
    },
    get samples() {
      return path.counts.samples;
    },
    get windows() {
      return path.counts.windows;
    },
  };
}

/** What people write today: ReadlineParser, split and parseFloat, and the same calibration. */
export function readlineReader(): Reader {
  const parser = new ReadlineParser({ delimiter: '\n' });
  const values = new Float64Array(names.length);
  let samples = 0;
  parser.on('data', (line: string) => {
    const fields = line.split(',');
    for (let c = 0; c < names.length; c += 1) {
      values[c] = (Number.parseFloat(fields[c + 1]) - calibration[c].offset) * calibration[c].gain;
    }
    if (Number.isFinite(values[0]) && Number.isFinite(values[1])) samples += 1;
  });
  return {
    feed: (bytes) => void parser.write(bytes),
    get samples() {
      return samples;
    },
    windows: 0,
  };
}
