import { createHash } from 'node:crypto';
import { type Response, Router } from 'express';
import { pageHtml } from './html.js';
import { indexScript } from './indexScript.js';
import { pageScript } from './script.js';
import { pageStyle } from './style.js';

/** The page: four files that ask nobody but this server. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function pageRoutes(): Router {
  const router = Router();
  // The version in the address changes with the content, so that no browser shows an old script with a new page.
  const version = createHash('sha256')
    .update(pageScript)
    .update(indexScript)
    .update(pageStyle)
    .digest('hex')
    .slice(0, 12);
  const html = pageHtml(version);
  const serve = (response: Response, type: string, content: string) =>
    response.type(type).set('content-security-policy', POLICY).send(content);
  router.get('/', (_request, response) => void serve(response, 'text/html', html));
  router.get('/page.css', (_request, response) => void serve(response, 'text/css', pageStyle));
  router.get('/page.js', (_request, response) => void serve(response, 'text/javascript', pageScript));
  router.get('/index.js', (_request, response) => void serve(response, 'text/javascript', indexScript));
  router.get('/favicon.ico', (_request, response) => void response.status(204).end());
  return router;
}
