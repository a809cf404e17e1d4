import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { createProtocol } from '../../protocol/registry.ts';
import { explainOpenError } from '../../source/port-error.ts';
import { listen } from '../init/listen.ts';
import { type Check, ok, problem, skipped, warning } from './check.ts';

/** The port is there, is a device, and may be used. */
export const checkPort: Check = async ({ config }) => {
  if (!config) return skipped('port', 'no configuration');
  if (config.source.kind !== 'serial') return skipped('port', `the source is ${config.source.kind}`);
  const { port } = config.source;
  try {
    const device = realpathSync(port);
    if (!statSync(device).isCharacterDevice()) {
      return problem('port', `${port} is no device`, 'name a serial port: underfoot ports lists them');
    }
    accessSync(device, constants.R_OK | constants.W_OK);
    const found = device === port ? port : `${port} is ${device}`;
    if (/^\/dev\/(ttyUSB|ttyACM)\d+$/.test(port)) {
      return warning(
        'port',
        found,
        'this name changes when things are plugged in anew: take the one below /dev/serial/by-id',
      );
    }
    return ok('port', found);
  } catch (error) {
    const explained = await explainOpenError(port, error as Error);
    const [found, ...rest] = explained.slice(port.length + 2).split(': ');
    return problem('port', `${port}: ${found}`, rest.join(': ') || 'check cable, power and name');
  }
};

/** Who may use it: the service's user is in the group that owns the device. */
export const checkGroup: Check = ({ config, run }) => {
  if (config?.source.kind !== 'serial') return skipped('group', 'no serial port');
  const user = run('id', ['-nG', 'underfoot']);
  if (user.code !== 0)
    return skipped('group', 'the user underfoot does not exist: not installed as a service');
  const { port } = config.source;
  const owner = run('stat', ['-Lc', '%G %a', port]);
  if (owner.code !== 0) return skipped('group', `${port} is not there`);
  const [group, mode] = owner.output.split(' ');
  if (user.output.split(' ').includes(group)) return ok('group', `underfoot is in ${group}`);
  if ((Number.parseInt(mode, 8) & 0o006) === 0o006) return ok('group', 'everybody may use the port');
  // Nobody is made a member of root for a serial port.
  const todo =
    group === 'root'
      ? `a udev rule gives the port to dialout; until then: sudo chgrp dialout ${port}`
      : `sudo usermod -aG ${group} underfoot, then restart the service`;
  return problem('group', `underfoot is in ${user.output}, the port belongs to ${group}`, todo);
};

/** What comes is of the configured protocol, and fast enough for the model. */
export const checkBytes: Check = async ({ config, model, run, listenS }) => {
  const name = 'bytes';
  if (config?.source.kind !== 'serial') return skipped(name, 'no serial port');
  const { port, baudRate } = config.source;
  if (run('systemctl', ['is-active', '--quiet', 'underfoot']).code === 0) {
    return skipped(name, 'the service has the port; stop it to have the bytes checked');
  }
  const { decoder, poller, timeBase } = createProtocol(config.protocol);
  if (poller) return skipped(name, `${config.protocol.name} must be asked, and nothing is sent here`);
  let heard: Awaited<ReturnType<typeof listen>>;
  try {
    heard = await listen(port, baudRate, listenS);
  } catch (error) {
    return problem(name, (error as Error).message, 'see the port above');
  }
  const { bytes, seconds } = heard;
  if (bytes.length === 0) return problem(name, 'nothing was heard', 'is the sensor powered and sending?');
  decoder.append(bytes);
  let readings = 0;
  let firstTick = Number.NaN;
  let lastTick = Number.NaN;
  for (let reading = decoder.next(); reading; reading = decoder.next()) {
    readings++;
    if (Number.isNaN(firstTick)) firstTick = reading.deviceTicks;
    lastTick = reading.deviceTicks;
  }
  // The first and the last frame are cut by the listening itself.
  const cut = readings > 0 ? (2 * bytes.length) / readings : 0;
  const share = 1 - Math.max(0, decoder.discarded.bytes - cut) / bytes.length;
  const percent = `${(100 * share).toFixed(0)} % of ${bytes.length} bytes understood`;
  if (share < 0.5) {
    const todo = `check baud rate (${baudRate}) and protocol (${config.protocol.name}); underfoot init guesses both`;
    return problem(name, percent, todo);
  }
  const deviceS = timeBase ? ((lastTick - firstTick) * timeBase.tickUs) / 1e6 : Number.NaN;
  const rateHz = (readings - 1) / (deviceS > 0 ? deviceS : seconds);
  const found = `${percent}, ${rateHz.toFixed(1)} readings a second`;
  if (model && rateHz < 0.9 * model.card.rateHz) {
    return problem(name, found, `the model needs ${model.card.rateHz} a second: let the sensor send faster`);
  }
  if (share < 0.98) return warning(name, found, 'some is lost: check cable, ground and baud rate');
  return ok(name, found);
};
