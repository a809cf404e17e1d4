/**
 * Makes the models that ship: `npx tsx scripts/make-models.ts [NAME...]`, all of them without a name. The husky's need the
 * recordings in ../shared/data; the demo's come from the simulator.
 */
import { makeDemo } from './models/demo.ts';
import { makeHusky } from './models/husky.ts';

const makers: Record<string, () => Promise<void>> = {
  'demo-six-surfaces': () => makeDemo(),
  'husky-a200-1ch': () => makeHusky(['curL']),
  'husky-a200-2ch': () => makeHusky(['curL', 'curR']),
};

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(makers)) {
  const make = makers[name];
  if (!make) throw new Error(`no model ${name}; there are ${Object.keys(makers).join(', ')}`);
  await make();
}
