import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { seeded, World } from '../../test/mainchain/world.js';
import { readAccount } from '../contracts/token.js';
import { blstBls } from '../crypto/blst.js';
import { BlsSigner } from '../crypto/signer.js';
import { genesisBlock } from './block.js';
import { checkGenesis } from './check.js';
import { GenesisError } from './errors.js';
import { formatGenesisFile, parseGenesisFile } from './file.js';

const world = await World.create();
const { genesis } = world;

function pathOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'accepted';
  } catch (error) {
    if (error instanceof GenesisError) return error.path;
    throw error;
  }
}

describe('genesis', () => {
  test('makes block 0 with its state', () => {
    const { header } = world.chain.head;
    expect(header).toMatchObject({ height: 0, slot: 0, term: 0, termStart: 0 });
    expect(world.chain.genesisBlockRoot).toEqual(
      MainHeaderType.hashTreeRoot(genesisBlock(genesis).block.block.header),
    );
    expect(world.chain.genesisRoot).toEqual(GenesisType.hashTreeRoot(genesis));
    const state = world.chain.stateAt(world.chain.genesisBlockRoot);
    for (const { account, balance } of genesis.balances)
      expect(readAccount(state, account)).toEqual({ nonce: 0, balance });
  });

  test('each check names its field', () => {
    const [first, ...rest] = genesis.delegates;
    const change = (delegate: Partial<typeof first>) => ({
      delegates: [{ ...first!, ...delegate }, ...rest],
    });
    const balance = { account: seeded('x').slice(0, 20), balance: 2n ** 64n - 1n };
    const infinity = new Uint8Array(48);
    infinity[0] = 0xc0;
    const cases: [string, Partial<Genesis>][] = [
      ['version', { version: 2 }],
      ['name', { name: Uint8Array.of(65) }],
      ['name', { name: new Uint8Array(0) }],
      ['slotMilliseconds', { slotMilliseconds: 1 }],
      ['termBlocks', { termBlocks: 2 }],
      ['delegates', { delegates: [] }],
      [
        'delegates[1].account',
        {
          delegates: [
            first!,
            { ...rest[0]!, delegate: { ...rest[0]!.delegate, account: first!.delegate.account } },
          ],
        },
      ],
      [
        'delegates[1].blsKey',
        { delegates: [first!, { ...first!, delegate: { ...first!.delegate, account: new Uint8Array(20) } }] },
      ],
      ['delegates[0].proofOfPossession', change({ proofOfPossession: rest[0]!.proofOfPossession })],
      [
        'delegates[0].proofOfPossession',
        change({ delegate: { ...first!.delegate, blsKey: BlsSigner.fromSeed(seeded('other')).publicKey } }),
      ],
      ['delegates[0].proofOfPossession', change({ delegate: { ...first!.delegate, blsKey: infinity } })],
      ['time', { time: 2 ** 53 }],
      ['termBlocks', { termBlocks: 2 ** 60 }],
      ['balances[1].account', { balances: [balance, balance] }],
      [
        'balances[1].balance',
        { balances: [balance, { ...balance, account: new Uint8Array(20), balance: 1n }] },
      ],
    ];
    for (const [path, part] of cases)
      expect(
        pathOf(() => checkGenesis({ ...genesis, ...part }, blstBls)),
        path,
      ).toBe(path);
    expect(pathOf(() => checkGenesis(genesis, blstBls))).toBe('accepted');
  });
});

describe('genesis file', () => {
  const text = formatGenesisFile(genesis);

  test('comes back as it was', () => {
    expect(GenesisType.serialize(parseGenesisFile(text))).toEqual(GenesisType.serialize(genesis));
    expect(formatGenesisFile(parseGenesisFile(text))).toBe(text);
  });

  test('each flaw names its field', () => {
    const file = JSON.parse(text) as Record<string, unknown>;
    const cases: [string, Record<string, unknown>][] = [
      ['format', { format: 'x' }],
      ['name', { name: 'Upper' }],
      ['time', { time: -1 }],
      ['baseFee', { baseFee: 10 }],
      ['baseFee', { baseFee: '010' }],
      ['byteFee', { byteFee: '18446744073709551616' }],
      ['delegates', { delegates: [] }],
      ['delegates[0].blsKey', { delegates: [{ ...(file.delegates as object[])[0], blsKey: '0x00' }] }],
      ['balances[0].balance', { balances: [{ account: `0x${'00'.repeat(20)}`, balance: '-1' }] }],
      ['root', { slotMilliseconds: 777 }],
      ['file', { surplus: 1 }],
    ];
    for (const [path, part] of cases)
      expect(
        pathOf(() => parseGenesisFile(JSON.stringify({ ...file, ...part }))),
        path,
      ).toBe(path);
    expect(pathOf(() => parseGenesisFile('{'))).toBe('file');
  });

  test('any text is a genesis or a named error', () => {
    fc.assert(
      fc.property(fc.nat({ max: text.length - 1 }), fc.string({ maxLength: 3 }), (at, insert) => {
        const changed = text.slice(0, at) + insert + text.slice(at + 1);
        expect(pathOf(() => parseGenesisFile(changed))).toBeTypeOf('string');
      }),
      { numRuns: 150 },
    );
  });
});
