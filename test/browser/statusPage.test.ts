import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import express from 'express';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpServer, listen } from '../../relay/api/server.js';
import { pageRoutes } from '../../relay/page/routes.js';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const program = [
  ...(process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))),
  '/usr/bin/chromium',
].find((path) => existsSync(path));
const title =
  program === undefined ? "the relay's page (skipped: no browser is on PATH)" : "the relay's page";

const HASH = '1b'.repeat(32);
const chain = {
  ...{ name: 'bitcoin-regtest', status: 'active', policy: 'confirmations(2)', assurance: 'work' },
  ...{ start: '0', size: '8', epoch: '0', reorganisations: 0, historyRoot: null, lightClient: null },
  source: { name: 'a node', healthy: true },
  ...{ local: { height: '9' }, accepted: { height: '9' }, finalized: null, submission: null },
  committed: { height: '7', hash: HASH },
};
const block = { height: '12', root: '0x11' };
const good = {
  ...{ version: '1', ready: true, problems: [] as string[], operator: null, proofs: [], evidence: [] },
  main: {
    ...{ head: block, justified: block, finalized: block },
    ...{ term: '0', delegates: 4, certificate: null },
  },
  chains: [chain],
};

describe.skipIf(program === undefined)(title, () => {
  const errors: string[] = [];
  let status: unknown = good;
  let server: HttpServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const app = express();
    app.use(pageRoutes());
    app.get('/v1/status', (_request, response) => {
      if (status === undefined) response.destroy();
      else response.json(status);
    });
    app.get('/v1/index', (_request, response) => {
      response.status(503).json({ error: { message: 'this server has no index' } });
    });
    server = await listen(app, '127.0.0.1', 0);
    browser = await chromium.launch({
      ...(program === undefined ? {} : { executablePath: program }),
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
    });
    page = await browser.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(server.url);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function shows(selector: string, part: string): Promise<void> {
    await expect.poll(() => page.textContent(selector), { timeout: 90_000 }).toContain(part);
  }

  it('leaves the focus and what is marked where they are while it asks again', async () => {
    await shows('#chains', 'bitcoin-regtest');
    await page.focus('#chains a');
    await page.evaluate('window.before = document.querySelector("#chains a")');
    status = { ...good, main: { ...good.main, head: { ...block, height: '13' } } };
    await shows('#main', '13');
    expect(await page.evaluate('document.activeElement === window.before')).toBe(true);
    // Other facts make another card; the focus is on the same place in it.
    status = { ...good, chains: [{ ...chain, size: '9' }] };
    await shows('#chains', '9 · 0 · 0');
    expect(await page.evaluate('document.activeElement.getAttribute("href")')).toContain(HASH);
    await page.evaluate('document.getSelection().selectAllChildren(document.querySelector("#chains code"))');
    status = { ...good, chains: [{ ...chain, size: '10' }], main: { ...good.main, term: '1' } };
    await shows('#main', 'Term1');
    expect(await page.evaluate('document.getSelection().toString()')).toContain('1b1b');
    await page.evaluate('document.getSelection().removeAllRanges()');
    await shows('#chains', '10 · 0 · 0');
  }, 180_000);

  it('says what is wrong: no index, no main chain, no relay', async () => {
    await shows('#index', 'this server has no index');
    expect(await page.isHidden('#problems')).toBe(true);
    status = {
      ...good,
      ready: false,
      problems: ['main-chain: node a: does not answer'],
      main: null,
      chains: [],
    };
    await shows('#chains', 'Nothing is known of them while the main chain is not reachable.');
    await shows('#problems', 'main-chain: node a: does not answer');
    status = undefined;
    await shows('#problems', 'The relay gives no answer');
    await shows('#problems', 'What is below is of ');
    expect(await page.textContent('#state')).toBe('No answer');
    status = good;
    await shows('#chains', 'bitcoin-regtest');
    expect(await page.isHidden('#problems')).toBe(true);
  }, 180_000);

  it('fits a phone, in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 360, height: 740 });
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide).toBeLessThanOrEqual(360);
      if (process.env.SCREENSHOT !== undefined)
        await page.screenshot({ path: `${process.env.SCREENSHOT}-${colorScheme}.png`, fullPage: true });
    }
    expect(errors).toEqual([]);
  }, 180_000);
});
