/**
 * Takes the pictures of the dashboard that the documentation shows, of a real agent: the simulated robot drives over
 * its surfaces behind a pseudo terminal, sessions are recorded through the dashboard's own requests, then the gain of
 * the current sensor changes until the agent says drift. Seven minutes: `npx tsx scripts/dashboard-pictures.ts`.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { demoConfig, demoRateHz } from '../agent/commands/demo-config.ts';
import { version } from '../agent/commands/version.ts';
import type { Prediction } from '../agent/judge.ts';
import { packageRoot } from '../agent/package-root.ts';
import { startEmbeddedBroker } from '../agent/publish/embedded-broker.ts';
import { createLogger } from '../agent/service/log.ts';
import { runService } from '../agent/service/run-service.ts';
import { drive } from '../agent/simulate/drive.ts';
import { openPty } from '../agent/simulate/pty.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(packageRoot, 'docs/images') },
    /** Windows of the usual robot before the first picture; one comes each second. */
    usual: { type: 'string', default: '270' },
    /** What the sensor says instead of 1 A afterwards. */
    gain: { type: 'string', default: '1.3' },
  },
});
const dwellS = 40;
const recordedSurfaces = 4;
/** Of the browser that renders numbers and times. */
const locale = 'en-GB';

interface Screen {
  width: number;
  height: number;
  colorScheme: 'light' | 'dark';
  /** What stands at the top of the screen; otherwise the top of the page. */
  from?: string;
}
const phone: Screen = { width: 390, height: 844, colorScheme: 'light' };

/** Resolves in turn what the agent says of each window. */
class Windows {
  count = 0;
  latest?: Prediction;
  readonly #waiting = new Set<() => void>();
  add(prediction: Prediction): void {
    this.count++;
    this.latest = prediction;
    for (const check of this.#waiting) check();
  }
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}

const stop = new AbortController();
const windows = new Windows();
const folder = mkdtempSync(join(tmpdir(), 'underfoot-pictures-'));
const broker = await startEmbeddedBroker();
const pty = await openPty(() => undefined);
let gain = 1;
let surface = '';
let surfaces = 0;

const driving = drive({
  seed: 3,
  rateHz: demoRateHz,
  dwellS,
  speed: 1,
  onSurface: (label) => {
    surface = label;
    surfaces++;
  },
  write: async (text) => {
    pty.write(Buffer.from(gain === 1 ? text : scaled(text, gain)));
    await pty.drained();
  },
  signal: stop.signal,
});
let failed: unknown;
await runService({
  config: demoConfig({
    robotId: 'rover-1',
    port: pty.path,
    brokerUrl: broker.url,
    folder,
    dashboardPort: 0,
  }),
  configFile: 'pictures',
  version,
  logger: createLogger({ level: 'warn' }),
  signal: stop.signal,
  onReady: (_agent, url) => {
    takePictures(String(url))
      .catch((error) => {
        failed = error;
      })
      .finally(() => stop.abort());
  },
  watcher: { onPrediction: (prediction) => windows.add(prediction) },
});
await driving;
await pty.close();
await broker.close();
rmSync(folder, { recursive: true, force: true });
if (failed) throw failed;

async function takePictures(url: string): Promise<void> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  try {
    mkdirSync(values.out, { recursive: true });
    await recordSome(url);
    await windows.until(
      () => windows.count >= Number(values.usual) && windows.latest?.drift.state === 'stable',
    );
    await picture(browser, url, 'dashboard-light', { width: 1280, height: 900, colorScheme: 'light' });
    await post(url, 'start', { label: surface, note: 'dry, new battery' });
    const begun = windows.count;
    await windows.until(() => windows.count >= begun + 12);
    await picture(browser, url, 'dashboard-phone', phone);
    await picture(browser, url, 'dashboard-phone-record', { ...phone, colorScheme: 'dark', from: '#record' });
    await post(url, 'stop', {});
    gain = Number(values.gain);
    console.log(`gain ${gain} from window ${windows.count}`);
    await windows.until(() => windows.latest?.drift.state === 'drift');
    const noticed = windows.count;
    console.log(`drift at window ${noticed}`);
    await windows.until(() => windows.count >= noticed + 40);
    await picture(browser, url, 'dashboard-dark', { width: 1280, height: 900, colorScheme: 'dark' });
  } finally {
    await browser.close();
  }
}

/** A session of half a minute on each of the first surfaces, begun and ended as a person at the field does. */
async function recordSome(url: string): Promise<void> {
  for (let k = 1; k <= recordedSurfaces; k++) {
    await windows.until(() => surfaces > k);
    const begun = windows.count;
    await post(url, 'start', { label: surface });
    await windows.until(() => windows.count >= begun + 30);
    await post(url, 'stop', {});
  }
}

async function picture(
  browser: Browser,
  url: string,
  name: string,
  { width, height, colorScheme, from }: Screen,
): Promise<void> {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
    locale,
    deviceScaleFactor: width === phone.width ? 2 : 1,
  });
  await page.goto(url);
  await page.waitForSelector('body[data-live=yes]');
  await page
    .locator('#session-rows tr')
    .nth(recordedSurfaces - 1)
    .waitFor();
  await page.locator('#ribbon[data-drawn=yes]').waitFor();
  const file = join(values.out, `${name}.png`);
  if (from) await page.evaluate<void>(`document.querySelector('${from}').scrollIntoView()`);
  await page.screenshot({ path: file, fullPage: width !== phone.width });
  console.log(`${file}: after ${windows.count} windows, drift ${windows.latest?.drift.state}`);
  await page.close();
}

async function post(url: string, what: string, body: object): Promise<void> {
  const response = await fetch(`${url}/api/record/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${what}: ${await response.text()}`);
}

/** Lines `time,curL,curR` whose currents a sensor with another gain would send. */
function scaled(text: string, by: number): string {
  return text.replace(/^([^,\n]+),([^,\n]+),([^,\n]+)$/gm, (_line, time, left, right) =>
    [time, (by * Number(left)).toFixed(2), (by * Number(right)).toFixed(2)].join(','),
  );
}
