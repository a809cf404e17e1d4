import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request that is not let in: the status and what the person can do. */
export interface Refusal {
  status: 401 | 403 | 421;
  message: string;
}

const cookieName = 'underfoot';

/**
 * Who may see the dashboard. From this machine: anyone, as long as the page was asked for under a loopback name (so
 * that a web site cannot reach it by pointing its own name at 127.0.0.1). From elsewhere: who has the token, as
 * `Authorization: Bearer`, or as the cookie that `/?token=...` sets. Without a token in the configuration nobody
 * from elsewhere is let in.
 */
export function refuse(request: IncomingMessage, token: string | undefined): Refusal | undefined {
  const tokenGiven = token !== undefined && hasToken(request, token);
  if (!tokenGiven) {
    if (!isLoopback(request.socket.remoteAddress)) {
      return {
        status: 401,
        message: token
          ? 'This dashboard needs its token: open /?token=TOKEN (see dashboard.token in the configuration).'
          : 'This dashboard has no token, so it is only shown on the robot itself: set dashboard.token.',
      };
    }
    if (!isLoopbackName(request.headers.host)) {
      return { status: 421, message: 'Open it as http://127.0.0.1 or http://localhost, or give the token.' };
    }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD' && !isSameOrigin(request)) {
    return { status: 403, message: 'Commands are only taken from the dashboard itself.' };
  }
  return undefined;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address);
}

function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host);
}

/** A browser names the origin of every command; a program that names none (curl) is no web site's tool. */
function isSameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin !== undefined) return origin === `http://${host}` || origin === `https://${host}`;
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin';
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return equal(bearer, token) || equal(cookie(request), cookieValue(token));
}

function cookie(request: IncomingMessage): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === cookieName) return value;
  }
  return undefined;
}

/** The cookie holds a hash, so that the token itself is not left in the browser. */
function cookieValue(token: string): string {
  return createHash('sha256').update(`underfoot dashboard ${token}`).digest('hex');
}

/** The `Set-Cookie` for `/?token=...`, or undefined when the token is wrong. */
export function loginCookie(given: string, token: string | undefined): string | undefined {
  if (token === undefined || !equal(given, token)) return undefined;
  return `${cookieName}=${cookieValue(token)}; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000`;
}

function equal(a: string | undefined, b: string): boolean {
  if (a === undefined) return false;
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
