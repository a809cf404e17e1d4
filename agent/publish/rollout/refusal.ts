import { UserError } from '../../errors.ts';
import type { ModelCard } from '../../model/card.ts';
import type { ModelReportBody } from '../payloads.ts';
import type { Announcement } from './announcement.ts';

/** A model that must not come again: the bundle itself is at fault. */
export class Refusal extends UserError {
  readonly shadow: ModelReportBody['shadow'];
  constructor(message: string, shadow?: ModelReportBody['shadow']) {
    super(message, 69);
    this.shadow = shadow;
  }
}

/** Why windows for the model in use cannot be given to another one. */
export function misfit(wanted: Announcement['card'] | ModelCard, active: ModelCard): string | undefined {
  const windows = ({ rateHz, steps, stride, channels }: Announcement['card'] | ModelCard) =>
    `${steps} steps at ${rateHz} Hz, every ${stride}, of ${channels.map((c) => `${c.name} in ${c.unit}`).join(', ')}`;
  if (windows(wanted) === windows(active)) return undefined;
  return `takes windows of ${windows(wanted)}; this robot makes windows of ${windows(active)}`;
}
