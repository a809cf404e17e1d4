// Label and record, with buttons large enough for a thumb at the side of the field.
import { colourClass } from './colours.js';
import { people } from './panels.js';

const byId = (id) => document.getElementById(id);
const labelPattern = /^[A-Za-z0-9_-]{1,64}$/;
let chosen;
let current;
let busy = false;

export async function send(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({ message: `the agent answered ${response.status}` }));
  if (!response.ok) throw new Error(answer.message);
}

export function showRecording(state) {
  current = state;
  const section = byId('record');
  section.hidden = !state.can.record;
  if (!state.can.record) return;
  const labels = state.model?.labels ?? [];
  const group = byId('record-labels');
  if (group.dataset.labels !== labels.join()) {
    group.dataset.labels = labels.join();
    group.replaceChildren(...labels.map(labelButton));
  }
  if (state.recording.active) chosen = state.recording.label ?? chosen;
  mark();
  section.classList.toggle('active', state.recording.active);
  byId('record-button').textContent = state.recording.active ? 'Stop' : 'Record';
  byId('record-button').disabled = busy;
  if (!busy) say(describe(state.recording));
}

function describe(recording) {
  if (!recording.active) {
    return chosen ? `Ready to record ${people(chosen)}.` : 'Choose what the robot drives on, then record.';
  }
  const seconds = recording.startedMs
    ? Math.max(0, Math.round((Date.now() - recording.startedMs) / 1000))
    : 0;
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const size = recording.bytes === undefined ? '' : `, ${(recording.bytes / 1e6).toFixed(1)} MB`;
  return `Recording ${people(recording.label ?? '')} for ${clock}${size}`;
}

function labelButton(label, index) {
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('role', 'radio');
  button.dataset.label = label;
  button.className = colourClass(label);
  if (index < 9) button.title = `key ${index + 1}`;
  const swatch = document.createElement('span');
  swatch.className = 'swatch';
  const name = document.createElement('span');
  name.textContent = people(label);
  button.append(swatch, name);
  button.addEventListener('click', () => choose(label));
  return button;
}

function mark() {
  const buttons = [...byId('record-labels').children];
  const pressed = buttons.find((button) => button.dataset.label === chosen) ?? buttons[0];
  for (const button of buttons) {
    button.setAttribute('aria-checked', String(button.dataset.label === chosen));
    button.tabIndex = button === pressed ? 0 : -1;
  }
}

async function choose(label) {
  if (!labelPattern.test(label)) return say('A label has letters, digits, _ and - only.');
  chosen = label;
  mark();
  if (current?.recording.active) await attempt(() => send('/api/record/label', { label }));
  else say(describe({ active: false }));
}

async function toggle() {
  if (busy || !current) return;
  if (current.recording.active) return attempt(() => send('/api/record/stop', {}));
  if (!chosen) return say('Choose a label first.');
  await attempt(() => send('/api/record/start', { label: chosen, note: byId('record-note').value }));
}

async function attempt(work) {
  busy = true;
  byId('record-button').disabled = true;
  try {
    await work();
    busy = false;
    // What the agent said meanwhile was not shown yet.
    showRecording(current);
  } catch (error) {
    say(error.message);
    setTimeout(() => {
      busy = false;
    }, 4000);
  }
  byId('record-button').disabled = false;
}

function say(text) {
  const element = byId('record-state');
  if (element.textContent !== text) element.textContent = text;
}

/** True when the key was one of ours. */
export function recordKey(key, state) {
  if (!state?.can.record) return false;
  const label = state.model?.labels[Number(key) - 1];
  if (/^[1-9]$/.test(key) && label) choose(label);
  else if (key === 'r') toggle();
  else return false;
  return true;
}

byId('record-button').addEventListener('click', toggle);
byId('record-other').addEventListener('change', (event) => {
  const value = event.target.value.trim();
  if (value) choose(value);
});
byId('record-labels').addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.children];
  const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
  next.focus();
  next.click();
});
