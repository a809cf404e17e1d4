import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Poller } from '../../agent/protocol/decoder.ts';
import { PollLoop } from '../../agent/source/poll-loop.ts';

/** Asks again `periodUs` after each answer, and gives up an answer after a minute. */
class FakePoller implements Poller {
  nextUs = 0;
  timeouts = 0;
  waiting = false;
  readonly #periodUs: number;

  constructor(periodUs: number) {
    this.#periodUs = periodUs;
  }

  due(nowUs: number): Uint8Array | undefined {
    if (this.waiting || nowUs < this.nextUs) return undefined;
    this.waiting = true;
    this.nextUs = nowUs + 60e6;
    return Uint8Array.of(63);
  }

  reset(): void {
    this.waiting = false;
  }

  answered(nowUs: number): void {
    this.waiting = false;
    this.nextUs = nowUs + this.#periodUs;
  }
}

test('a request leaves at once, and the next one when the schedule says so after the answer', async (t) => {
  const poller = new FakePoller(20_000);
  const sentMs: number[] = [];
  let answerMs = 0;
  await new Promise<void>((resolve) => {
    const loop = new PollLoop(poller, (bytes) => {
      assert.deepEqual([...bytes], [63]);
      sentMs.push(performance.now());
      if (sentMs.length === 2) return resolve();
      setImmediate(() => {
        answerMs = performance.now();
        poller.answered(answerMs * 1000);
        loop.kick();
      });
    });
    t.after(() => loop.stop());
    loop.start();
    assert.equal(sentMs.length, 1);
  });
  assert.ok(sentMs[1] - answerMs >= 19, `${sentMs[1] - answerMs} ms after the answer`);
});

test('nothing leaves before the start or after the stop', () => {
  let sent = 0;
  const loop = new PollLoop(new FakePoller(1), () => {
    sent += 1;
  });
  loop.kick();
  assert.equal(sent, 0);
  loop.start();
  assert.equal(sent, 1);
  loop.stop();
  loop.kick();
  assert.equal(sent, 1);
});
