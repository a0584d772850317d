import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../proofs/bytes.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import type { Flaw } from '../../proofs/errors/proof.js';
import { encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import type { AnchoredProof } from '../../proofs/format/proof.js';
import { bitcoinFixture, registryContext } from '../fixtures/bitcoinProof.js';
import { type Bundle, bundlePage } from './bundle.js';
import { type Answer, check, type Question } from './check.js';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];
const names = ['chromium', 'chromium-browser', 'google-chrome'];
const program = [
  ...(process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name))),
  '/usr/bin/chromium',
].find((path) => existsSync(path));
const title =
  program === undefined
    ? `a page in a browser (skipped: none of ${names.join(', ')} is on PATH)`
    : 'a page in a browser';

let bundle: Bundle;
beforeAll(async () => {
  bundle = await bundlePage();
});

describe('the bundle of a page on the library', () => {
  it('needs nothing that only Node has', () => {
    expect(bundle.builtins).toEqual([]);
    expect(bundle.code).not.toMatch(/\b(?:import|require)\s*\(?\s*["']node:|browser-external/);
  });

  it('holds the verifier and the foreign chains, and no other room', () => {
    const own = bundle.files.filter((file) => !/node_modules\/|^\0/.test(file));
    expect(own).toEqual(
      expect.arrayContaining(['proofs/verify/verify.ts', 'adapters/bitcoin/proofs/verify.ts']),
    );
    expect(own.filter((file) => !/^(?:proofs|adapters|test\/browser)\//.test(file))).toEqual([]);
    expect(own.filter((file) => file.includes('/sources/'))).toEqual([]);
  });
});

describe.skipIf(program === undefined)(title, () => {
  const { proof, genesis } = bitcoinFixture();
  const asked: string[] = [];
  const errors: string[] = [];
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const script = request.url === '/page.js';
      response.setHeader('content-type', script ? 'text/javascript' : 'text/html; charset=utf-8');
      response.setHeader(
        'content-security-policy',
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'",
      );
      response.end(
        script
          ? bundle.code
          : '<!doctype html><title>page</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
      );
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    browser = await chromium.launch({ executablePath: program!, args: FLAGS, timeout: 150_000 });
    page = await browser.newPage();
    page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const ready = await page.evaluate('[typeof check, typeof Buffer, typeof process].join()');
    expect({ ready, errors }).toEqual({ ready: 'function,undefined,undefined', errors: [] });
    // From here on the page has no network at all.
    await page.context().setOffline(true);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const ask = (file: Uint8Array): { question: Question; answer: Promise<Answer> } => {
    const question = { proof: toHex(file), genesis: toHex(GenesisType.serialize(genesis)) };
    return {
      question,
      answer: page.evaluate<Answer>(`check(${JSON.stringify(question)})`),
    };
  };

  it.each<ProofFormat>(['ssz', 'json'])(
    'gives the verdict that Node gives of a good %s proof',
    async (format) => {
      const { question, answer } = ask(encodeProof(proof, format, registryContext));
      const verdict = await answer;
      expect(verdict).toMatchObject({ format, verdict: expect.stringContaining('"height":4321') });
      expect(verdict).toEqual(check(question));
    },
  );

  const changes: [string, Flaw, (bad: AnchoredProof) => Uint8Array][] = [
    ['signature', 'bad-signature', (bad) => bad.leafAnchor.anchor.certificate.signature],
    ['transactions root', 'index-mismatch', (bad) => bad.leafAnchor.leaf.transactionsRoot],
    ['payload', 'transaction-mismatch', (bad) => bad.payload],
  ];
  it.each(changes)('refuses a changed byte of the %s as %s, as Node does', async (_, flaw, part) => {
    const bad = structuredClone(proof);
    const bytes = part(bad);
    bytes[bytes.length - 1]! ^= 1;
    const { question, answer } = ask(encodeProof(bad, 'ssz', registryContext));
    const refusal = await answer;
    expect(refusal).toMatchObject({ flaw });
    expect(refusal).toEqual(check(question));
  });

  it('asks for nothing but the page and its script, and fails nowhere', () => {
    expect(errors).toEqual([]);
    expect(asked).toEqual(['/', '/page.js']);
  });
});
