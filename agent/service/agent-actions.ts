import { createReadStream, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { loadCard } from '../model/card-file.ts';
import { listSessions, type Session } from '../session/session-list.ts';
import type { AgentView } from './agent-view.ts';
import type { DashboardActions } from './dashboard/actions.ts';
import type { ModelView, SessionView } from './dashboard/view.ts';
import { modelView } from './state-view.ts';

const by = 'dashboard';

/** What the dashboard may ask of the agent; `changed` is called after each change, so that the page shows it at once. */
export function agentActions(agent: AgentView, changed: () => void): DashboardActions {
  const { recording, sessionsFolder } = agent;
  const actions: DashboardActions = {};
  if (recording) {
    actions.startRecording = async (label, note) => {
      await recording.start({ label, note });
      changed();
    };
    actions.setLabel = async (label) => {
      recording.label(label, by);
      changed();
    };
    actions.stopRecording = async () => {
      await recording.stop();
      changed();
    };
  }
  if (sessionsFolder !== undefined) {
    actions.listSessions = async () => (await sessionsIn(sessionsFolder)).reverse().map(sessionView);
    actions.openSession = async (id) => openSession(sessionsFolder, id);
  }
  if (agent.activateModel) {
    actions.listModels = async () => [...modelsOf(agent).values()].map(({ view }) => view);
    actions.activateModel = async (name) => {
      const found = modelsOf(agent).get(name);
      if (!found) throw new UserError(`no model is called "${name}"`, 66);
      await agent.activateModel?.(found.folder);
      changed();
    };
  }
  return actions;
}

/** A folder that is not there yet has no sessions. */
async function sessionsIn(folder: string): Promise<Session[]> {
  return await listSessions(folder).catch(() => []);
}

function sessionView(session: Session): SessionView {
  return {
    id: session.id,
    startedMs: Date.parse(session.startTime ?? '') || 0,
    durationS: session.durationS,
    labels: Object.keys(session.labelS),
    bytes: session.bytes,
    partial: session.state !== 'complete',
  };
}

async function openSession(folder: string, id: string) {
  const session = (await sessionsIn(folder)).find((candidate) => candidate.id === id);
  if (!session) throw new UserError(`no session is called "${id}"`, 66);
  const [part] = session.parts;
  return {
    filename: basename(part.file),
    bytes: part.bytes,
    content: createReadStream(part.file, { end: part.bytes - 1 }),
  };
}

/** Models by name, those with a good card; a later folder's replaces an earlier one's of the same name. */
function modelsOf(agent: AgentView): Map<string, { folder: string; view: ModelView }> {
  const active = agent.model();
  const models = new Map<string, { folder: string; view: ModelView }>();
  for (const parent of agent.modelFolders ?? []) {
    for (const folder of subfolders(parent)) {
      try {
        const card = loadCard(folder);
        models.set(card.name, { folder, view: modelView(card, card.name === active.card.name) });
      } catch {
        // A folder without a good card is no model; `underfoot doctor` says what is wrong with the one in use.
      }
    }
  }
  const { card, folder } = active;
  models.set(card.name, { folder, view: modelView(card, true, active.classifier.engine) });
  return models;
}

function subfolders(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(parent, entry.name));
  } catch {
    return [];
  }
}
