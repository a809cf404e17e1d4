import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

interface Asset {
  type: string;
  plain: Buffer;
  packed: Buffer;
  etag: string;
}

const types: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const pages = [
  'index.html',
  'style.css',
  'answer.css',
  'panels.css',
  'app.js',
  'theme.js',
  'colours.js',
  'ribbon.js',
  'traces.js',
  'panels.js',
  'record.js',
  'lists.js',
  'verdict.js',
  'icon.svg',
];
const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Page, style, scripts and uPlot, read once at start; nothing else of the disk can be asked for. */
export function loadAssets(): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of pages) assets.set(`/${name}`, asset(name, readFileSync(join(here, 'page', name))));
  const uplot = dirname(require.resolve('uplot'));
  assets.set('/uplot.js', asset('uplot.js', readFileSync(join(uplot, 'uPlot.esm.js'))));
  assets.set('/uplot.css', asset('uplot.css', readFileSync(join(uplot, 'uPlot.min.css'))));
  assets.set('/', assets.get('/index.html')!);
  return assets;
}

function asset(name: string, plain: Buffer): Asset {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { type: types[name.split('.').at(-1)!], plain, packed: gzipSync(plain, { level: 9 }), etag };
}

export function sendAsset(found: Asset, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('etag', found.etag);
  response.setHeader('cache-control', 'no-cache');
  if (request.headers['if-none-match'] === found.etag) {
    response.writeHead(304).end();
    return;
  }
  const packed = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = packed ? found.packed : found.plain;
  if (packed) response.setHeader('content-encoding', 'gzip');
  response.writeHead(200, {
    'content-type': found.type,
    vary: 'accept-encoding',
    'content-length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
