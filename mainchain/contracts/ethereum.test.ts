import { toRlp } from 'viem';
import { expect, test } from 'vitest';
import { ethereumKind } from '../../adapters/ethereum/kind.js';
import { foreignEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import type { ChainKind, ForeignHeader } from '../../adapters/types.js';
import { fromHex, type Hex, toHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import { PolicyKind } from '../../proofs/containers/calls.js';
import { Assurance } from '../../proofs/containers/leaf.js';
import type { ChainSpec } from '../../proofs/containers/spec.js';
import { attestCall, registerCall, specRootOf } from '../../test/mainchain/foreign.js';
import { chainState, leafPieces } from '../../test/mainchain/queries.js';
import { World } from '../../test/mainchain/world.js';

const zeros = (n: number): Hex => toHex(new Uint8Array(n));
const int = (n: number): Hex => {
  const text = n.toString(16);
  return n === 0 ? '0x' : `0x${text.length % 2 === 0 ? text : `0${text}`}`;
};

/** A Shanghai header as a local node would make it. */
function header(height: number, parentHash: Uint8Array, time: number, tag = 0): ForeignHeader {
  const raw = fromHex(
    toRlp([
      toHex(parentHash),
      zeros(32),
      zeros(20),
      zeros(32),
      toHex(new Uint8Array(32).fill(1)),
      toHex(new Uint8Array(32).fill(2)),
      zeros(256),
      '0x',
      int(height),
      int(30_000_000),
      int(21_000),
      int(time),
      int(tag),
      zeros(32),
      zeros(8),
      int(1_000_000_000),
      zeros(32),
    ]),
  );
  return foreignEthereumHeader(raw, height);
}

function run(parent: ForeignHeader, count: number, tag = 0): ForeignHeader[] {
  const out: ForeignHeader[] = [];
  for (let at = parent; out.length < count; ) {
    at = header(at.height + 1, at.hash, at.time + 12, tag);
    out.push(at);
  }
  return out;
}

test('an Ethereum chain is followed, reorganised and checked by its own rules', async () => {
  const network = ethereumKind.networks.find((n) => n.name === 'ethereum-local')!;
  const kind: ChainKind = { ...ethereumKind, networks: [{ ...network, window: 16 }] };
  const world = await World.create({ kinds: [kind] });
  const checkpoint = header(7, ZERO32, 1_600_000_000);
  const spec: ChainSpec = {
    kind: kind.code,
    name: utf8(network.name),
    parameters: network.parameters,
    genesisHash: network.genesisHash,
    checkpoint: { height: 7, hash: checkpoint.hash, work: 0n, periodStartTime: 0, periodStartBits: 0 },
  };
  const specRoot = specRootOf(spec);
  const policy = { kind: PolicyKind.finalized, value: 0 } as const;
  expect(await world.outcome(registerCall(world, spec, policy, checkpoint.raw))).toBe('applied');
  const first = run(checkpoint, 20);
  const state = () => world.chain.stateAt(world.chain.head.root);
  expect(await world.outcome(attestCall(world, first, { specRoot }))).toBe('applied');
  expect(chainState(state(), network.name)).toMatchObject({ committed: { height: 27 }, windowBase: 12 });
  expect(leafPieces(state(), network.name, 20)!.leaf).toMatchObject({
    assurance: Assurance.attested,
    transactionsRoot: new Uint8Array(32).fill(1),
    receiptsRoot: new Uint8Array(32).fill(2),
  });
  const other = run(first[14]!, 6, 5);
  expect(await world.outcome(attestCall(world, other, { specRoot, seq: 2, epoch: 1 }))).toBe('applied');
  expect(chainState(state(), network.name)).toMatchObject({
    epoch: 1,
    reorgCount: 1,
    committed: { height: 28 },
  });
  const unlinked = [header(29, checkpoint.hash, 1_700_000_000)];
  expect(await world.outcome(attestCall(world, unlinked, { specRoot, seq: 3, epoch: 1 }))).toBe(
    'header:unknown-ancestor',
  );
  const old = [header(29, other[5]!.hash, other[5]!.time - 1)];
  expect(await world.outcome(attestCall(world, old, { specRoot, seq: 3, epoch: 1 }))).toBe(
    'header:older-block-time',
  );
});
