import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../../errors.ts';
import type { Health } from '../health.ts';
import type { Logger } from '../log.ts';
import { counter, formatMetrics, gauge } from '../metrics.ts';
import { loginCookie, refuse } from './access.ts';
import { answerApi, type DashboardActions, sendJson } from './actions.ts';
import { loadAssets, sendAsset } from './assets.ts';
import type { LiveFeed } from './feed.ts';
import { Pusher } from './push.ts';

export interface DashboardOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Needed by everyone who is not on this machine. */
  token?: string;
  feed: LiveFeed;
  actions: DashboardActions;
  /** Prometheus text. */
  metrics: () => string;
  health: () => Health;
  logger: Logger;
}

export interface Dashboard {
  readonly url: string;
  readonly pusher: Pusher;
  close(): Promise<void>;
}

const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

/** The status page, its live stream, its commands, `/metrics`, `/healthz` and `/readyz`, on one small HTTP server. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const assets = loadAssets();
  const pusher = new Pusher(options.feed);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => fail(error, response, options.logger));
  });
  server.maxConnections = 64;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://dashboard');
    const given = searchParams.get('token');
    const cookie = given === null ? undefined : loginCookie(given, options.token);
    if (cookie) {
      // The token goes out of the address bar and the history at once.
      response.writeHead(303, { 'set-cookie': cookie, location: pathname }).end();
      return;
    }
    const refusal = refuse(request, options.token);
    if (refusal) {
      response.writeHead(refusal.status, { 'content-type': 'text/plain' }).end(`${refusal.message}\n`);
      return;
    }
    if (request.method === 'GET' || request.method === 'HEAD') {
      const asset = assets.get(pathname);
      if (asset) return sendAsset(asset, request, response);
      const special = specials[pathname];
      if (special) return special(response);
    }
    if (await answerApi(options.actions, pathname, request, response)) return;
    response.writeHead(404, { 'content-type': 'text/plain' }).end('no such page\n');
  }

  const specials: Record<string, (response: ServerResponse) => void> = {
    '/api/live': (response) => {
      if (!pusher.add(response))
        response.writeHead(503).end(`more than ${pusher.maxClients} pages are open\n`);
    },
    '/api/state': (response) => sendJson(response, options.feed.state ?? {}),
    '/metrics': (response) =>
      response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        .end(options.metrics() + pusherMetrics(pusher)),
    '/healthz': (response) => {
      const { alive, reasons } = options.health();
      sendJson(response, { alive, reasons }, alive ? 200 : 503);
    },
    '/readyz': (response) => {
      const { ready, reasons } = options.health();
      sendJson(response, { ready, reasons }, ready ? 200 : 503);
    },
  };

  await listen(server, options.port, options.host);
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    pusher,
    close: () =>
      new Promise((resolve) => {
        pusher.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What only the dashboard counts. */
function pusherMetrics({ clients, dropped }: Pusher): string {
  return formatMetrics([
    gauge('dashboard_clients', 'Pages that are open', clients),
    counter('dashboard_clients_dropped', 'Pages that took nothing for 30 s and were dropped', dropped),
  ]);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new UserError(`dashboard: cannot listen on ${host} port ${port}: ${error.code}`, 69)),
    );
    server.listen(port, host, resolve);
  });
}

function fail(error: unknown, response: ServerResponse, logger: Logger): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error instanceof UserError) {
    sendJson(response, { ok: false, message: error.message }, 400);
    return;
  }
  logger.warn('dashboard request failed', { err: error });
  sendJson(response, { ok: false, message: 'the agent could not do that; its log says why' }, 500);
}
