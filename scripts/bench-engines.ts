/** `npx tsx scripts/bench-engines.ts`: what one window costs in each engine, on this machine. */
import { modelFolder } from '../agent/model/card-file.ts';
import { engines, loadModel, MissingEngine } from '../agent/model/load.ts';

const warmUp = 50;
const measured = 500;

console.log('model                engine                    load ms  p50 ms  p99 ms');
for (const name of ['husky-a200-1ch', 'husky-a200-2ch', 'demo-six-surfaces']) {
  for (const engine of engines.filter((e) => e !== 'auto')) {
    try {
      const startMs = performance.now();
      const { card, classifier } = await loadModel(modelFolder(name), engine);
      const loadMs = performance.now() - startMs;
      const window = new Float32Array(card.steps * card.channels.length).map((_, i) => 3 + Math.sin(i));
      const timesMs: number[] = [];
      for (let i = 0; i < warmUp + measured; i++) {
        const beforeMs = performance.now();
        await classifier.classify(window);
        if (i >= warmUp) timesMs.push(performance.now() - beforeMs);
      }
      timesMs.sort((a, b) => a - b);
      const at = (share: number) => timesMs[Math.floor(share * measured)].toFixed(2).padStart(6);
      console.log(
        `${name.padEnd(20)} ${classifier.engine.padEnd(25)} ${loadMs.toFixed(0).padStart(7)}  ${at(0.5)}  ${at(0.99)}`,
      );
      await classifier.close();
    } catch (error) {
      if (!(error instanceof MissingEngine)) throw error;
      console.log(`${name.padEnd(20)} ${engine.padEnd(25)} not here`);
    }
  }
}
