import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { crossroot, ensureBuilt } from '../support/built.js';

/** What a command line loads before it answers: loading is most of the time of a short one. */
const DIST = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'dist/');
beforeAll(() => ensureBuilt(), 180_000);

const LOADER = `export const load = (url, context, next) => {
  process._rawDebug('loaded ' + url);
  return next(url, context);
};`;
const dataUrl = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
const REGISTER = dataUrl(
  `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(LOADER))});`,
);

/** Modules that the program loads, those of packages by the package's name. */
async function loaded(...args: string[]): Promise<Set<string>> {
  const { stderr } = await crossroot(args, { imports: [REGISTER] });
  const urls = [...stderr.matchAll(/^loaded (file:\S+)$/gm)].map(([, url = '']) => fileURLToPath(url));
  expect(urls).toContain(`${DIST}cli/main.js`);
  return new Set(
    urls.map((path) =>
      path.startsWith(DIST)
        ? path.slice(DIST.length)
        : (/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path),
    ),
  );
}

test.each([
  { words: ['--help'], most: 10 },
  { words: ['--version'], most: 10 },
  { words: ['verify', '--help'], most: 10 },
  { words: ['no-such-command'], most: 10 },
  { words: ['status', '--api', 'http://127.0.0.1:1'], most: 30 },
])('$words loads little', async ({ words, most }) => {
  const modules = await loaded(...words);
  expect([...modules].filter((name) => /^(adapters|mainchain|relay|indexers)\//.test(name))).toEqual([]);
  for (const heavy of ['zod', 'express', 'viem', '@chainsafe/ssz']) expect(modules).not.toContain(heavy);
  expect(modules.size).toBeLessThanOrEqual(most);
});

test('headers verify loads the rules of Bitcoin’s headers, and no other kind of chain', async () => {
  const modules = await loaded('headers', 'verify', '/nonexistent', '--chain', 'bitcoin-mainnet');
  expect(modules).toContain('adapters/bitcoin/rules/verifyRun.js');
  expect([...modules].filter((name) => /ethereum/.test(name))).toEqual([]);
  expect(modules).not.toContain('zod');
});

test('verify loads neither servers nor sources', async () => {
  const modules = await loaded('verify', '/nonexistent');
  expect(modules).toContain('proofs/verify/verify.js');
  expect([...modules].filter((name) => /^(relay|indexers|storage|devnet)\/|\/sources\//.test(name))).toEqual(
    [],
  );
  for (const heavy of ['express', 'viem', 'ethers', 'pino', 'classic-level'])
    expect(modules).not.toContain(heavy);
});
