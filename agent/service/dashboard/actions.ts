import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../errors.ts';
import type { ModelView, SessionView } from './view.ts';

/** What the page can ask the agent to do; what is missing is not offered. A UserError's message is shown. */
export interface DashboardActions {
  startRecording?(label: string, note: string | undefined): Promise<void>;
  /** Changes the label of the running recording. */
  setLabel?(label: string): Promise<void>;
  stopRecording?(): Promise<void>;
  listSessions?(): Promise<SessionView[]>;
  openSession?(id: string): Promise<{ filename: string; bytes: number; content: Readable }>;
  listModels?(): Promise<ModelView[]>;
  activateModel?(name: string): Promise<void>;
}

const maxBodyBytes = 4096;
const name = /^[A-Za-z0-9_-]{1,64}$/;
const sessionId = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Answers `/api/...`; false when there is no such thing. */
export async function answerApi(
  actions: DashboardActions,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  if (request.method === 'GET') {
    if (path === '/api/sessions' && actions.listSessions) sendJson(response, await actions.listSessions());
    else if (path === '/api/models' && actions.listModels) sendJson(response, await actions.listModels());
    else if (path.startsWith('/api/sessions/') && actions.openSession) {
      await sendSession(actions, path.slice('/api/sessions/'.length), response);
    } else return false;
    return true;
  }
  if (request.method !== 'POST') return false;
  const act = commands[path];
  if (!act) return false;
  const body = await readBody(request);
  const done = act(actions, body);
  if (!done) return false;
  await done;
  sendJson(response, { ok: true });
  return true;
}

type Body = Record<string, unknown>;

const commands: Record<string, (actions: DashboardActions, body: Body) => Promise<void> | undefined> = {
  '/api/record/start': (actions, body) =>
    actions.startRecording?.(text(body, 'label', name), optionalText(body, 'note')),
  '/api/record/label': (actions, body) => actions.setLabel?.(text(body, 'label', name)),
  '/api/record/stop': (actions) => actions.stopRecording?.(),
  '/api/models/activate': (actions, body) => actions.activateModel?.(text(body, 'name', name)),
};

async function sendSession(actions: DashboardActions, id: string, response: ServerResponse): Promise<void> {
  if (!sessionId.test(id) || id.includes('..')) throw new UserError(`no session is called "${id}"`, 64);
  const { filename, bytes, content } = await actions.openSession!(id);
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': bytes,
    'content-disposition': `attachment; filename="${filename.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}"`,
  });
  await pipeline(content, response);
}

function text(body: Body, key: string, pattern: RegExp): string {
  const value = body[key];
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new UserError(
    `request: ${key}: found ${JSON.stringify(value)}, expected letters, digits, _ and -`,
    64,
  );
}

function optionalText(body: Body, key: string): string | undefined {
  const value = body[key];
  return typeof value === 'string' && value.trim() ? value.trim().slice(0, 500) : undefined;
}

async function readBody(request: IncomingMessage): Promise<Body> {
  let size = 0;
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) throw new UserError(`request: found more than ${maxBodyBytes} bytes`, 64);
    chunks.push(chunk as Buffer);
  }
  const content = Buffer.concat(chunks).toString();
  if (!content) return {};
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body;
  } catch {}
  throw new UserError('request: expected a JSON object', 64);
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(value));
}
