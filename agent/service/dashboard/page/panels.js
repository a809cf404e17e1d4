// The panels of text and bars: what is under the robot now, how sure, how far to trust it, and the figures.
import { colourClass } from './colours.js';

const byId = (id) => document.getElementById(id);
/** Never 100 % of what is only almost sure. */
function percent(value) {
  if (value > 0.999) return '> 99.9 %';
  return `${(100 * value).toFixed(value >= 0.995 || value < 0.095 ? 1 : 0)} %`;
}

export function people(label) {
  return label.toLowerCase().replaceAll('_', ' ');
}

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

/** How long the robot has been on this surface, and what was before. */
export function showRun(predictions, nowMs) {
  const newest = predictions.at(-1);
  let i = predictions.length - 1;
  while (i > 0 && predictions[i - 1].surface === newest.surface && !predictions[i].afterGap) i--;
  const whole = i === 0 && predictions.length >= 900;
  const gap = predictions[i].afterGap;
  const before = i === 0 ? '' : gap ? ', after a gap' : `, before that ${people(predictions[i - 1].surface)}`;
  const seconds = (nowMs - predictions[i].timeMs + predictions[i].durationMs) / 1000;
  setText('run', `for ${whole ? 'more than ' : ''}${formatDuration(seconds)}${before}`);
}

function formatDuration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}

export function showNow(prediction, state) {
  const surface = byId('surface');
  surface.className = `surface ${colourClass(prediction.surface)}`;
  setText('surface-name', people(prediction.surface));
  document.title = `${people(prediction.surface)} · ${state.robotId}`;
  setText('confidence', percent(prediction.confidence));
  setText(
    'model-says',
    prediction.label === prediction.surface
      ? 'the last window says the same'
      : `the last window alone says ${people(prediction.label)}`,
  );
  const meter = byId('meter');
  meter.className = `meter ${colourClass(prediction.label)}`;
  meter.setAttribute('aria-valuenow', prediction.confidence.toFixed(3));
  meter.querySelector('.fill').style.transform = `scaleX(${prediction.confidence})`;
  showBars(prediction, state.model?.labels ?? []);
}

function showBars(prediction, labels) {
  const list = byId('bars');
  if (list.dataset.labels !== labels.join()) {
    list.dataset.labels = labels.join();
    list.replaceChildren(...labels.map(bar));
  }
  labels.forEach((label, i) => {
    const item = list.children[i];
    const probability = prediction.probabilities[i] ?? 0;
    item.className = `${colourClass(label)}${label === prediction.surface ? ' top' : ''}`;
    item.querySelector('output').textContent = percent(probability);
    item.querySelector('.track span').style.transform = `scaleX(${probability})`;
  });
}

function bar(label) {
  const item = document.createElement('li');
  const name = document.createElement('span');
  name.textContent = people(label);
  const value = document.createElement('output');
  value.setAttribute('aria-label', `probability of ${people(label)}`);
  const track = document.createElement('div');
  track.className = 'track';
  track.append(document.createElement('span'));
  item.append(name, value, track);
  return item;
}

export function showState(state) {
  setText('robot', state.robotId);
  setText('source', [state.source, state.broker].filter(Boolean).join('  →  '));
  byId('status').dataset.state = state.status.state;
  setText('status-text', state.status.state);
  byId('status').title = state.status.reasons.join('\n');
  showBand(state.confidenceBand);
  showFigures(state.figures);
  showNotice(state);
  setText(
    'version',
    [
      `underfoot ${state.version}`,
      state.model?.engine,
      `up since ${new Date(state.startedMs).toLocaleString()}`,
    ]
      .filter(Boolean)
      .join(' · '),
  );
}

function showBand(band) {
  const element = document.querySelector('.meter .band');
  element.hidden = !band;
  if (!band) return;
  element.style.left = `${100 * band.low}%`;
  element.style.width = `${100 * (band.high - band.low)}%`;
  const text =
    band.high > 0.99
      ? `of the last window; above ${percent(band.low)} in 19 of 20 known windows`
      : `of the last window; outlined: 9 of 10 known windows, ${percent(band.low)} to ${percent(band.high)}`;
  setText('band-text', text);
}

function showFigures(figures) {
  const list = byId('tiles');
  const rows = figures.map(({ name, value, unit, alarm }) => {
    const row = document.createElement('div');
    if (alarm) row.className = 'alarm';
    const title = document.createElement('dt');
    title.textContent = name;
    const content = document.createElement('dd');
    content.textContent = value;
    if (unit) {
      const small = document.createElement('small');
      small.textContent = ` ${unit}`;
      content.append(small);
    }
    row.append(title, content);
    return row;
  });
  list.replaceChildren(...rows);
}

function showNotice(state) {
  const notice = byId('notice');
  const words = [...state.status.reasons];
  if (state.model?.simulated) {
    words.push(
      `The model ${state.model.name} was trained on a simulated robot: it says nothing true about a real one.`,
    );
  }
  const text = words.join(' · ');
  notice.dataset.about = 'state';
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = words.length === 0;
}
