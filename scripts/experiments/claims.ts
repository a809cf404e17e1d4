import type { Outcome } from './outcome.ts';

/** A claim of the well-known answer, what was measured, and whether it holds here. */
export interface Claim {
  readonly claim: string;
  readonly measured: string;
  readonly holds: boolean;
}

export function checkClaims(outcomes: readonly Outcome[]): Claim[] {
  const find = (group: string, name: string): Outcome | undefined =>
    outcomes.find((o) => o.group === group && o.name === name);
  const claims: Claim[] = [];
  for (const place of ['simulated', 'real']) {
    const of = (name: string): Outcome | undefined => find(`batch size, ${place}`, name);
    const [two, four, full] = [of('batch 2'), of('batch 4'), of('batch full')];
    if (!two || !four || !full) continue;
    claims.push({
      claim: `${place}: the full batch decreases steadily`,
      measured: `loss rises in ${percent(full.rises)} of epochs, at most by a factor of ${full.largestRise.toFixed(2)}`,
      holds: full.rises < 0.05,
    });
    claims.push({
      claim: `${place}: smaller batches fluctuate more`,
      measured: `roughness ${four.roughness.toFixed(3)} with batch 4, ${full.roughness.toFixed(3)} with the full batch`,
      holds: four.roughness > full.roughness,
    });
    claims.push({
      claim: `${place}: batch 2 does not learn`,
      measured: `best training accuracy ${percent(two.bestAccuracy)} with batch 2, ${percent(full.bestAccuracy)} with the full batch`,
      holds: two.bestAccuracy < 0.5,
    });
  }
  const [few, all] = ['batch 4', 'batch full'].map((name) => [
    find('batch size, simulated', name),
    find('5 mislabelled', name),
  ]);
  if (few[0] && few[1] && all[0] && all[1]) {
    const [small, large] = [few[1].roughness - few[0].roughness, all[1].roughness - all[0].roughness];
    claims.push({
      claim: 'simulated: mislabelled sequences roughen small batches more than large ones',
      measured: `five of them change the roughness by ${small.toFixed(3)} with batch 4 and by ${large.toFixed(3)} with the full batch`,
      // One seed tells no smaller difference from chance.
      holds: small > large && small > 0.01,
    });
  }
  return claims;
}

const percent = (v: number): string => `${(100 * v).toFixed(0)} %`;
