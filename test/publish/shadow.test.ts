import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJudge } from '../../agent/assemble.ts';
import { judge } from '../../agent/judge.ts';
import type { PipelineWatcher } from '../../agent/pipeline.ts';
import { type ModelHost, runShadow } from '../../agent/publish/rollout/live-run.ts';
import { toyModel } from '../session/toy-model.ts';

test('windows that come while the candidate is at work are skipped beyond four, and counted', async () => {
  const active = toyModel();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = {
    ...active,
    classifier: {
      ...active.classifier,
      classify: async (window: Float32Array) => {
        await released;
        return active.classifier.classify(window);
      },
    },
  };
  let watcher: PipelineWatcher = {};
  const host = {
    watch: (w: PipelineWatcher) => {
      watcher = w;
      return () => {};
    },
  } as Partial<ModelHost> as ModelHost;
  const run = runShadow(host, slow, 4, new AbortController().signal);
  const { steps, channels } = active.card;
  const data = new Float32Array(steps * channels.length).fill(1);
  const parts = createJudge(active);
  for (let index = 0; index < 6; index++) {
    const window = { index, startUs: index * 1e6, endUs: (index + 1) * 1e6, data, afterGap: false };
    watcher.onPrediction?.(await judge(parts, window, active.card.rateHz), 1);
  }
  release();
  const { windows, skipped, failures } = (await run).report();
  assert.deepEqual({ windows, skipped, failures }, { windows: 4, skipped: 2, failures: 0 });
});
