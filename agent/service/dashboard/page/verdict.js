// Whether what the page shows can be relied on: one line that a person can act on, and why.

const percent = (value) => `${Math.round(100 * value)} %`;

/** Windows overlap, so that the next ends long before a whole one has gone by; else what is shown is of the past. */
const overdueMs = 5000;

/** A model that is nearly always quite sure need not be so always. */
const sureEnough = 0.9;
/** One window that is unsure says little; half of so many do. */
const recentWindows = 5;

/**
 * `predictions`: the newest last. `level` is good, care, bad or wait; `why` are sentences, the gravest first. `ageMs`:
 * since the end of the last window, by the clock of the robot.
 */
export function verdictOf(predictions, state, ageMs) {
  const prediction = predictions.at(-1);
  if (!prediction) return { level: 'wait', words: 'not known yet', why: ['No window has been seen yet.'] };
  const overdue = ageMs > prediction.durationMs + overdueMs;
  if (overdue) {
    const why = [`The last window ended ${ago(ageMs)} ago.`];
    return { level: 'bad', words: 'no, it is out of date', why };
  }
  const { drift, confidenceBand: band } = state;
  const why = drift.reasons.map(sentence);
  if (drift.state === 'drift') {
    return { level: 'bad', words: 'no, inputs have drifted', why };
  }
  if (prediction.surface === 'unknown') {
    return {
      level: 'bad',
      words: 'no, unlike any known surface',
      why: [...why, 'The model has not learnt windows like these.'],
    };
  }
  if (drift.state === 'warning') return { level: 'care', words: 'with care: drift begins', why };
  const least = Math.min(band?.low ?? 0, sureEnough);
  if (middle(predictions.slice(-recentWindows)) < least) {
    const usual = `Confidence is below ${percent(least)}, which is rare on known surfaces.`;
    return { level: 'care', words: 'with care: unusually unsure', why: [usual, ...why] };
  }
  if (drift.state !== 'stable') {
    return {
      level: 'wait',
      words: 'not known yet',
      why: ['Too few windows yet to compare with the reference of the model.'],
    };
  }
  return {
    level: 'good',
    words: 'yes',
    why: ['Inputs and confidence look as they did when the model was checked.'],
  };
}

function middle(predictions) {
  const sorted = predictions.map(({ confidence }) => confidence).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function ago(ms) {
  const s = Math.round(ms / 1000);
  if (s < 120) return `${s} s`;
  return s < 7200 ? `${Math.round(s / 60)} min` : `${Math.round(s / 3600)} h`;
}

export function showVerdict(verdict) {
  const box = document.getElementById('verdict');
  const shown = JSON.stringify(verdict);
  // Told only when it changes: a screen reader reads it out.
  if (box.dataset.shown === shown) return;
  box.dataset.shown = shown;
  box.dataset.level = verdict.level;
  document.getElementById('verdict-words').textContent = verdict.words;
  const items = verdict.why.map((text) => {
    const item = document.createElement('li');
    item.textContent = text;
    return item;
  });
  document.getElementById('verdict-why').replaceChildren(...items);
}
