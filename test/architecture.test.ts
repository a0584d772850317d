import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What each room may import, by prefix: docs/architecture.md says why. The first room that fits a file is its room. */
const rooms: readonly { readonly room: RegExp; readonly may: readonly string[]; readonly pure?: boolean }[] =
  [
    { room: /^proofs\//, may: ['proofs/'], pure: true },
    { room: /^storage\//, may: ['proofs/', 'storage/'] },
    { room: /^timing\//, may: ['proofs/', 'timing/'], pure: true },
    {
      room: /^adapters\/[a-z]+\/(rules|proofs|trie|rlp|consensus)\//,
      may: [
        'proofs/',
        'adapters/types.',
        'adapters/errors.',
        'adapters/bitcoin/rules/',
        'adapters/bitcoin/proofs/',
        'adapters/ethereum/',
      ],
      pure: true,
    },
    { room: /^adapters\//, may: ['proofs/', 'adapters/'] },
    { room: /^mainchain\//, may: ['proofs/', 'storage/', 'timing/', 'adapters/', 'mainchain/'] },
    { room: /^indexers\//, may: ['proofs/', 'storage/', 'timing/', 'adapters/', 'indexers/'] },
    {
      room: /^relay\//,
      may: [
        'proofs/',
        'storage/',
        'timing/',
        'adapters/',
        'indexers/',
        'relay/',
        'mainchain/rpc/',
        'mainchain/crypto/',
        'mainchain/transactions.',
      ],
    },
    { room: /^devnet\//, may: ['proofs/', 'storage/', 'adapters/', 'devnet/', 'contracts/'] },
    { room: /^config\//, may: ['proofs/', 'timing/', 'adapters/', 'config/'] },
  ];

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'testing' ? [] : sources(path);
    return /(?<!\.test)\.ts$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target]) => target ?? '');
}

describe('rooms', () => {
  const files = [
    'proofs',
    'storage',
    'timing',
    'adapters',
    'mainchain',
    'indexers',
    'relay',
    'devnet',
    'config',
  ].flatMap(sources);

  it('import one way only', () => {
    expect(files.length).toBeGreaterThan(100);
    const wrong = files.flatMap((file) => {
      const rule = rooms.find(({ room }) => room.test(file));
      return importsOf(file)
        .filter((target) => target.startsWith('.'))
        .map((target) => relative(ROOT, normalize(join(ROOT, dirname(file), target))))
        .filter((target) => !rule?.may.some((prefix) => target.startsWith(prefix)))
        .map((target) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('that are pure use no Node built-in', () => {
    const wrong = files.flatMap((file) => {
      const rule = rooms.find(({ room }) => room.test(file));
      if (rule?.pure !== true) return [];
      return importsOf(file)
        .filter((target) => target.startsWith('node:'))
        .map((target) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('that hold consensus read no source', () => {
    const wrong = files
      .filter((file) => file.startsWith('mainchain/'))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => target.includes('/sources/'))
          .map((target) => `${file} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });
});
