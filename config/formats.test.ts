import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNetwork } from '../adapters/registry.js';
import { blstBls } from '../mainchain/crypto/blst.js';
import { checkGenesis } from '../mainchain/genesis/check.js';
import { formatGenesisFile, parseGenesisFile } from '../mainchain/genesis/file.js';
import { decodeTrust } from '../proofs/format/trust.js';
import { readCheckpointFile } from './checkpoint.js';
import { loadConfig } from './load.js';
import { ConfigSchema } from './schema.js';

/** Every example of docs/formats.md is what it says it is. */
const page = readFileSync(fileURLToPath(new URL('../docs/formats.md', import.meta.url)), 'utf8');
const examples = [...page.matchAll(/<!-- checked: (.+?) -->\n```json\n([\s\S]*?)```/g)].map(
  ([, kind = '', text = '']) => ({ kind, text }),
);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossroot-formats-'));
});
afterAll(() => rm(folder, { recursive: true }));

const of = (kind: string) => examples.filter((one) => one.kind.startsWith(kind));

test('no example is unchecked', () => {
  expect(page.match(/```json/g)).toHaveLength(examples.length);
  expect(new Set(examples.map((one) => one.kind.split(' ')[0]))).toEqual(
    new Set(['configuration', 'checkpoint', 'genesis', 'trust']),
  );
});

describe('configuration', () => {
  test.each(of('configuration'))('$kind is accepted', async ({ text }) => {
    const path = join(folder, 'crossroot.json');
    await writeFile(path, text);
    await writeFile(join(folder, 'bitcoin-checkpoint.json'), of('checkpoint')[0]?.text ?? '');
    const config = await loadConfig(path);
    expect(config.chains.length).toBeGreaterThan(0);
  });

  test('the first is the default', () => {
    const [first] = of('configuration');
    expect(ConfigSchema.parse(JSON.parse(first?.text ?? ''))).toEqual(ConfigSchema.parse({}));
  });

  test('the table gives every setting and its default', () => {
    const config = ConfigSchema.parse({});
    const { main, api, indexer, relay } = config;
    const parts = Object.entries({ main, api, indexer, relay });
    const defaults: Record<string, unknown> = { ...config };
    for (const [part, values] of parts)
      for (const [key, value] of Object.entries(values)) defaults[`${part}.${key}`] = value;
    const settings = ['main.nodes', ...Object.keys(defaults)].filter(
      (key) => !parts.some(([part]) => part === key),
    );
    const rows = page.split('\n').map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    for (const setting of settings) {
      const row = rows.find(([name]) => name === `\`${setting}\``);
      expect(row, setting).toBeDefined();
      const value = defaults[setting];
      if (typeof value === 'number' || typeof value === 'boolean') expect(row?.[1]).toBe(`${value}`);
      if (typeof value === 'string') expect(row?.[1]).toBe(`\`"${value}"\``);
    }
  });
});

test.each(of('checkpoint'))('$kind is accepted, and its header is its own', async ({ kind, text }) => {
  const chain = kind.split(' ')[1] ?? '';
  const path = join(folder, 'checkpoint.json');
  await writeFile(path, text);
  const { checkpoint, header } = await readCheckpointFile(chain, path);
  const decoded = findNetwork(chain).kind.decode(header ?? new Uint8Array(), checkpoint.height);
  expect(decoded.hash).toEqual(checkpoint.hash);
  expect(findNetwork(chain).kind.work(decoded)).toBe(checkpoint.work);
  expect(decoded.time).toBe(checkpoint.periodStartTime);
});

test.each(of('genesis'))('$kind is accepted and written back as it was', ({ text }) => {
  const genesis = parseGenesisFile(text);
  expect(() => checkGenesis(genesis, blstBls)).not.toThrow();
  expect(formatGenesisFile(genesis)).toBe(text);
});

test.each(of('trust'))('$kind agrees with itself', ({ text }) => {
  expect(decodeTrust(JSON.parse(text), blstBls).height).toBe(8);
});
