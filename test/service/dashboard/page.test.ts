import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type FakeAgent, startFakeAgent } from './fake-agent.ts';

const executablePath = '/usr/bin/chromium';
const skip = existsSync(executablePath) ? false : 'Chromium is not installed';
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser: Browser;
let agent: FakeAgent;
before(async () => {
  if (skip) return;
  agent = await startFakeAgent();
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
  browser = await chromium.launch({ executablePath, args });
});
after(async () => {
  if (skip) return;
  await browser.close();
  await agent.dashboard.close();
});

interface Opened {
  page: Page;
  problems: string[];
  foreign: string[];
}

async function open(width: number, height: number, colorScheme: 'light' | 'dark'): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' });
  const problems: string[] = [];
  const foreign: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (sent) => {
    if (!sent.url().startsWith(agent.dashboard.url)) foreign.push(sent.url());
  });
  await page.goto(agent.dashboard.url);
  await page.waitForSelector('body[data-live=yes]');
  await page.locator('#session-rows tr').nth(2).waitFor();
  await page.locator('#model-rows li').nth(2).waitFor();
  return { page, problems, foreign };
}

for (const [name, width, height, scheme] of [
  ['light', 1280, 900, 'light'],
  ['dark', 1280, 900, 'dark'],
  ['phone', 390, 844, 'light'],
  ['phone in the dark', 390, 844, 'dark'],
] as const) {
  test(`${name}: no axe violation, no script error, no request elsewhere, no sideways scroll`, {
    skip,
  }, async () => {
    const { page, problems, foreign } = await open(width, height, scheme);
    // The policy of the page allows no injected script, so axe runs outside of it.
    const session = await page.context().newCDPSession(page);
    const { readFileSync } = await import('node:fs');
    const evaluate = (expression: string) =>
      session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    await evaluate(readFileSync(axe, 'utf8'));
    const { result } = await evaluate(
      "axe.run(document).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target).join(' ')))",
    );
    assert.deepEqual(result.value, []);
    assert.deepEqual(problems, []);
    assert.deepEqual(foreign, []);
    const overflow = await page.evaluate<number>(`document.documentElement.scrollWidth - innerWidth`);
    assert.ok(overflow <= 0, `${overflow} px wider than the screen`);
    await page.close();
  });
}

test('the page shows what the agent says, as it changes', { skip }, async () => {
  const { page } = await open(1280, 900, 'light');
  assert.equal(await page.textContent('#surface-name'), 'concrete');
  assert.equal(await page.textContent('#status-text'), 'online');
  agent.feed.pushPrediction({
    timeMs: Date.now(),
    durationMs: 2000,
    label: 'SAND',
    confidence: 0.41,
    surface: 'unknown',
    probabilities: [0.1, 0.1, 0.1, 0.1, 0.5, 0.1],
    drift: true,
    afterGap: false,
  });
  await page.locator('#surface-name', { hasText: /^unknown$/ }).waitFor();
  assert.equal(await page.textContent('#confidence'), '41 %');
  assert.match(String(await page.textContent('#model-says')), /sand/);
  agent.setState({
    drift: { state: 'drift', reasons: ['confidence fell from 0.93 to 0.55'] },
    status: { state: 'degraded', reasons: ['the port is away'] },
  });
  await page.locator('#status-text', { hasText: /^degraded$/ }).waitFor();
  // It is drawn a frame later than the status.
  await page.locator('#verdict', { hasText: /No, inputs have drifted[\s\S]*Confidence fell/i }).waitFor();
  assert.match(String(await page.textContent('#notice')), /the port is away/);
  agent.setState({ drift: { state: 'stable', reasons: [] }, status: { state: 'online', reasons: [] } });
  await page.close();
});

test('it says whether the surface can be relied on, and the gravest reason first', { skip }, async () => {
  const { page } = await open(1280, 900, 'light');
  const words = (text: RegExp) => page.locator('#verdict-words', { hasText: text }).waitFor();
  const level = () => page.getAttribute('#verdict', 'data-level');
  let timeMs = Date.now();
  const windows = (surface: string, confidence: number) => {
    const rest = { label: 'SAND', probabilities: [0, 0, 0, 0, 1, 0], drift: false, afterGap: false };
    for (let i = 0; i < 5; i++) {
      agent.feed.pushPrediction({ ...rest, timeMs: timeMs++, durationMs: 2000, surface, confidence });
    }
  };
  windows('SAND', 0.9);
  await words(/^yes$/);
  assert.equal(await level(), 'good');
  windows('SAND', 0.4);
  await words(/unusually unsure/);
  assert.equal(await level(), 'care');
  agent.setState({ drift: { state: 'warning', reasons: ['mean current of left is 4.1, usually 3.1'] } });
  await words(/drift begins/);
  windows('unknown', 0.4);
  await words(/unlike any known surface/);
  assert.equal(await level(), 'bad');
  agent.setState({ drift: { state: 'drift', reasons: ['mean current of left is 5.1, usually 3.1'] } });
  await words(/inputs have drifted/);
  assert.match(
    String(await page.textContent('#verdict-why')),
    /^Mean current of left is 5\.1, usually 3\.1\.$/,
  );
  // The robot's clock goes on, and no window comes.
  agent.setState({ drift: { state: 'stable', reasons: [] }, nowMs: timeMs + 8000 });
  await words(/out of date/);
  assert.equal(await level(), 'bad');
  await page.close();
});

test('a recording is labelled, started and stopped by keyboard and by touch', { skip }, async () => {
  const { page } = await open(390, 844, 'light');
  agent.calls.length = 0;
  await page.keyboard.press('3');
  await page.keyboard.press('r');
  await page.waitForSelector('#record.active');
  await page.locator('#record-state', { hasText: 'Recording grass' }).waitFor();
  await page.click('#record-labels button[data-label=SAND]');
  await page.locator('#record-state', { hasText: 'sand' }).waitFor();
  await page.click('#record-button');
  await page.waitForSelector('#record:not(.active)');
  assert.deepEqual(agent.calls, ['start GRASS', 'label SAND', 'stop']);
  const small = await page.evaluate<number>(
    `[...document.querySelectorAll('#record button')].filter((b) => b.getBoundingClientRect().height < 44) .length`,
  );
  assert.equal(small, 0, 'every button of the recorder is large enough for a thumb');
  await page.close();
});

test('a model is activated from its list', { skip }, async () => {
  const { page } = await open(1280, 900, 'dark');
  await page.click('button[aria-label="Activate model husky-a200-1ch"]');
  await page.locator('#model-rows li', { hasText: /husky-a200-1ch.*active/ }).waitFor();
  assert.equal(agent.calls.at(-1), 'activate husky-a200-1ch');
  await page.close();
});

test('when the agent goes away the page says so', { skip }, async () => {
  const other = await startFakeAgent();
  const page = await browser.newPage();
  await page.goto(other.dashboard.url);
  await page.waitForSelector('body[data-live=yes]');
  await other.dashboard.close();
  await page.locator('#status-text', { hasText: /^not connected$/ }).waitFor();
  assert.match(String(await page.textContent('#notice')), /does not answer/);
  await page.close();
});
