import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reversed, toBareHex, toHex } from '../../proofs/bytes.js';
import type { FakeIndex } from '../support/index/fakeIndex.js';
import { serveIndex } from '../support/index/serve.js';
import { ADDRESS, account, fakeWorld, named } from '../support/index/world.js';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const program = [
  ...(process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))),
  '/usr/bin/chromium',
].find((path) => existsSync(path));
const title =
  program === undefined
    ? `the relay's page about the index (skipped: none of ${names.join(', ')} is on PATH)`
    : "the relay's page about the index";

describe.skipIf(program === undefined)(title, () => {
  const errors: string[] = [];
  const asked: string[] = [];
  let index: FakeIndex;
  let server: Awaited<ReturnType<typeof serveIndex>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    index = fakeWorld();
    server = await serveIndex(index, { page: true });
    browser = await chromium.launch({
      ...(program === undefined ? {} : { executablePath: program }),
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
    });
    page = await browser.newPage();
    await page.clock.install();
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(new URL('/', server.url).href);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const text = async (selector: string, part: string) => {
    await expect.poll(() => page.textContent(selector), { timeout: 90_000 }).toContain(part);
    return (await page.textContent(selector)) ?? '';
  };

  it('shows what is in it, chain by chain', async () => {
    const shown = await text('#index', 'ethereum-local');
    for (const part of ['Headers23 · 21 on the best chain', 'Transactions21', 'Outputs21', 'Logs42'])
      expect(shown).toContain(part);
    expect(shown).toContain('history begins at 100, contents of all blocks up to 120');
    expect(shown).toContain('headers 2 events');
    if (process.env.SCREENSHOT !== undefined)
      await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
  }, 180_000);

  const search = async (chain: string, what: string, expected: string) => {
    await page.selectOption('#where', chain);
    await page.fill('#what', what);
    await page.press('#what', 'Enter');
    return text('#found', expected);
  };

  it('finds transactions, blocks and addresses', async () => {
    const both = toBareHex(reversed(named('both')));
    const found = await search('bitcoin-regtest', both, 'transaction: 2 at event 25');
    expect(found).toContain('value2100000000000000');
    if (process.env.SCREENSHOT !== undefined)
      await page.screenshot({ path: `${process.env.SCREENSHOT}-found.png`, fullPage: true });
    await search('bitcoin-regtest', '120', 'block: 1 at event 25');
    await search('bitcoin-regtest', ADDRESS, 'address: 21 at event 25');
    await search('ethereum-local', toHex(account('alice')), 'address: 21 at event 25');
    await search('ethereum-local', 'nothing such', 'Nothing by that name');
  }, 180_000);

  it('shows what it is told as text, whatever it is', async () => {
    const hostile = '<img src=x onerror="document.title=1">';
    const shown = await search('bitcoin-regtest', hostile, 'neither Base58Check nor Bech32');
    expect(shown).toContain(hostile);
    expect(await page.locator('#found img').count()).toBe(0);
    expect(await page.title()).toBe('Crossroot relay');
  }, 180_000);

  it('shows the answer to the last question, whichever comes last', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/search?q=119', async (route) => {
      await held;
      await route.continue();
    });
    await search('bitcoin-regtest', '119', 'Searching…');
    const last = await search('bitcoin-regtest', '120', 'block: 1 at event 25');
    const late = page.waitForResponse('**/headers/*');
    release();
    await (await late).finished();
    await page.evaluate('new Promise((done) => setTimeout(done, 50))');
    expect(await page.textContent('#found')).toBe(last);
    await page.unroute('**/search?q=119');
  }, 180_000);

  /** What the page shows of the index once its time to ask again has come. */
  const refreshed = (part: string) =>
    expect
      .poll(async () => {
        await page.clock.fastForward(10_000);
        return page.textContent('#index');
      })
      .toContain(part);

  it('keeps the search and what is typed while the index gives no answer', async () => {
    await page.fill('#what', 'half a quest');
    await page.focus('#what');
    await page.route('**/v1/index', (route) => route.fulfill({ status: 502, body: '<h1>a proxy</h1>' }));
    await refreshed('the relay answered 502');
    expect(await page.isVisible('#finder')).toBe(true);
    expect(await page.inputValue('#what')).toBe('half a quest');
    expect(await page.evaluate('document.activeElement.id')).toBe('what');
    await page.unroute('**/v1/index');
    await refreshed('ethereum-local');
  }, 180_000);

  it('asks nobody but its server, and nothing went wrong but what was asked wrongly', () => {
    expect(asked.filter((url) => !url.startsWith(new URL('/', server.url).href) && url !== 'data:,')).toEqual(
      [],
    );
    expect(errors.filter((message) => !/status of (400|502)/.test(message))).toEqual([]);
  });
});
