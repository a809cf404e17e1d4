// Joins the panels: one stream of events in, one redraw a frame out.
import { refreshColours, setLabels } from './colours.js';
import { loadModels, loadSessions, showModelsOf } from './lists.js';
import { showNow, showRun, showState } from './panels.js';
import { recordKey, showRecording } from './record.js';
import { Ribbon } from './ribbon.js';
import { Traces } from './traces.js';
import { showVerdict, verdictOf } from './verdict.js';

const byId = (id) => document.getElementById(id);
const keepMs = 16 * 60_000;

const ribbon = new Ribbon(byId('ribbon'), byId('ribbon-tip'));
const traces = new Traces(byId('traces'));
let state;
let predictions = [];
let paused = false;
let drawing = false;
let lastEventMs = 0;
/** Wall clock of the robot less that of this browser: a phone's clock may be wrong. */
let clockOffsetMs;

function take(delta) {
  lastEventMs = Date.now();
  if (delta.state) takeState(delta.state);
  if (delta.predictions) {
    predictions.push(...delta.predictions);
    const newest = predictions.at(-1);
    noteClock(newest.timeMs);
    while (predictions.length > 0 && predictions[0].timeMs < newest.timeMs - keepMs) predictions.shift();
    if (!paused && state) {
      showNow(newest, state);
      showRun(predictions, newest.timeMs);
    }
  }
  if (delta.trace) {
    traces.add(delta.trace);
    noteClock(delta.trace.at(-1)[0]);
  }
}

function takeState(next) {
  const before = state;
  state = next;
  noteClock(next.nowMs);
  const labels = next.model?.labels ?? [];
  if (JSON.stringify(labels) !== JSON.stringify(before?.model?.labels)) {
    setLabels(labels);
    recolour();
  }
  traces.setChannels(next.channels);
  ribbon.band = next.confidenceBand;
  showState(next);
  showRecording(next);
  if (predictions.length > 0 && !paused) showNow(predictions.at(-1), next);
  if (!before || before.model?.name !== next.model?.name) loadModels(next);
  if (!before || before.recording.active !== next.recording.active) loadSessions(next);
  else showModelsOf(next);
}

function noteClock(timeMs) {
  const offset = timeMs - Date.now();
  if (clockOffsetMs === undefined || Math.abs(offset - clockOffsetMs) > 2000) clockOffsetMs = offset;
  else clockOffsetMs = Math.max(clockOffsetMs, offset);
}

function recolour() {
  refreshColours();
  traces.rebuild();
  if (predictions.length > 0 && state) showNow(predictions.at(-1), state);
}

/** Also when nothing comes: then it is out of date. */
function judge() {
  if (paused || !state) return;
  const newest = predictions.at(-1);
  const ageMs = newest ? Date.now() + (clockOffsetMs ?? 0) - newest.timeMs : 0;
  showVerdict(verdictOf(predictions, state, ageMs));
}

function draw() {
  drawing = false;
  judge();
  if (paused || clockOffsetMs === undefined) return;
  const nowMs = Date.now() + clockOffsetMs;
  ribbon.draw(predictions, nowMs);
  traces.draw(nowMs);
}

function connection() {
  const silent = Date.now() - lastEventMs > 15_000;
  if (silent) showConnection(false);
}

function showConnection(up) {
  const notice = byId('notice');
  if (up && notice.dataset.about === 'connection') notice.hidden = true;
  if (up) return;
  notice.textContent = 'The agent does not answer. This page shows what it knew last, and goes on trying.';
  notice.dataset.about = 'connection';
  notice.hidden = false;
  byId('status').dataset.state = 'offline';
  byId('status-text').textContent = 'not connected';
}

function connect() {
  const stream = new EventSource('/api/live');
  stream.onopen = () => {
    // The server begins again from its whole memory.
    predictions = [];
    traces.clear();
    state = undefined;
    lastEventMs = Date.now();
    showConnection(true);
  };
  stream.onmessage = (event) => {
    take(JSON.parse(event.data));
    document.body.dataset.live = 'yes';
  };
  stream.onerror = () => showConnection(false);
  setInterval(connection, 5000);
}

function togglePause() {
  paused = !paused;
  const button = byId('pause');
  button.setAttribute('aria-pressed', String(paused));
  button.textContent = paused ? 'Paused' : 'Pause';
}

function switchTheme() {
  const theme = window.underfootTheme.next();
  byId('theme').textContent = `Theme: ${theme}`;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLInputElement) return;
  const onButton = event.target instanceof HTMLButtonElement;
  const key = event.key.toLowerCase();
  if (key === ' ' && !onButton) togglePause();
  else if (key === 't') switchTheme();
  else if (!recordKey(key, state)) return;
  event.preventDefault();
}

byId('pause').addEventListener('click', togglePause);
byId('theme').addEventListener('click', switchTheme);
byId('theme').textContent = `Theme: ${window.underfootTheme.current()}`;
window.addEventListener('themechange', recolour);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
document.addEventListener('keydown', onKey);
for (const button of document.querySelectorAll('[data-minutes]')) {
  button.addEventListener('click', () => {
    for (const other of document.querySelectorAll('[data-minutes]')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
    ribbon.spanMs = Number(button.dataset.minutes) * 60_000;
    if (paused && clockOffsetMs !== undefined) ribbon.draw(predictions, Date.now() + clockOffsetMs);
  });
}
refreshColours();
connect();
// Ten frames a second are what arrives; more would only warm the phone.
setInterval(() => {
  if (drawing || document.hidden) return;
  drawing = true;
  requestAnimationFrame(draw);
}, 100);
