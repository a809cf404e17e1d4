// Sessions to download and models to activate.
import { people } from './panels.js';
import { send } from './record.js';

const byId = (id) => document.getElementById(id);
const when = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
});

async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`the agent answered ${response.status}`);
  return response.json();
}

export async function loadSessions(state) {
  byId('sessions').hidden = !state.can.sessions;
  if (!state.can.sessions) return;
  const rows = byId('session-rows');
  try {
    const sessions = await get('/api/sessions');
    rows.replaceChildren(
      ...(sessions.length > 0 ? sessions.map(sessionRow) : [emptyRow('Nothing recorded yet.')]),
    );
  } catch (error) {
    rows.replaceChildren(emptyRow(error.message));
  }
}

function sessionRow(session) {
  const row = document.createElement('tr');
  const seconds = Math.round(session.durationS);
  const cells = [
    when.format(session.startedMs),
    session.labels.map(people).join(', ') || '–',
    seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`,
    formatBytes(session.bytes),
  ];
  for (const [index, text] of cells.entries()) {
    const cell = document.createElement('td');
    cell.textContent = text;
    if (index < 2) cell.className = 'wrap';
    if (index === 3) cell.className = 'size';
    row.append(cell);
  }
  const last = document.createElement('td');
  if (session.partial) {
    last.textContent = 'being written';
  } else {
    const link = document.createElement('a');
    link.href = `/api/sessions/${encodeURIComponent(session.id)}`;
    link.textContent = 'Download';
    link.setAttribute('aria-label', `Download session ${session.id}`);
    last.append(link);
  }
  row.append(last);
  return row;
}

function emptyRow(text) {
  const row = document.createElement('tr');
  const cell = document.createElement('td');
  cell.colSpan = 5;
  cell.className = 'empty';
  cell.textContent = text;
  row.append(cell);
  return row;
}

function formatBytes(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
}

let models = [];

export async function loadModels(state) {
  byId('models').hidden = !state.can.models;
  if (!state.can.models) return;
  try {
    models = await get('/api/models');
  } catch {
    models = [];
  }
  showModelsOf(state);
}

export function showModelsOf(state) {
  if (!state.can.models) return;
  const list = byId('model-rows');
  const key = JSON.stringify([models, state.model?.name]);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...models.map((model) => modelRow(model, model.name === state.model?.name)));
}

function modelRow(model, active) {
  const row = document.createElement('li');
  const name = document.createElement('p');
  const strong = document.createElement('strong');
  strong.textContent = model.name;
  name.append(strong, ` ${model.version}`);
  const about = document.createElement('p');
  about.className = 'small';
  about.textContent = [
    model.simulated ? 'simulated' : undefined,
    `${model.labels.length} surfaces at ${model.rateHz} Hz`,
    model.balancedAccuracy === undefined
      ? undefined
      : `${(100 * model.balancedAccuracy).toFixed(1)} % balanced accuracy, held out`,
  ]
    .filter(Boolean)
    .join(' · ');
  row.append(name, about, active ? tag('active') : activateButton(model, about));
  return row;
}

function tag(text) {
  const element = document.createElement('span');
  element.className = 'tag';
  element.textContent = text;
  return element;
}

function activateButton(model, about) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Activate';
  button.setAttribute('aria-label', `Activate model ${model.name}`);
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      await send('/api/models/activate', { name: model.name });
    } catch (error) {
      about.textContent = error.message;
      button.disabled = false;
    }
  });
  return button;
}
