import { expect, test } from 'vitest';
import { toHex } from '../../proofs/bytes.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import { type SignedBlock, TransactionsType } from '../../proofs/containers/transaction.js';
import { rootFromPath } from '../../proofs/history/path.js';
import { transferCall } from '../../test/mainchain/calls.js';
import { World } from '../../test/mainchain/world.js';
import { readAccount } from '../contracts/token.js';
import { transactionRoot } from '../transactions.js';
import { FutureBlockError, InvalidBlockError, UnknownBlockError, UnknownParentError } from './errors.js';
import { certificateRoot } from './rules.js';

const to = new Uint8Array(20).fill(7);
const ruleOf = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    if (error instanceof InvalidBlockError) return error.rule;
    throw error;
  }
};

/** The block with another header (or body), signed again by its producer. */
function resigned(
  world: World,
  block: SignedBlock,
  header: Partial<MainHeader>,
  body: Partial<SignedBlock['block']> = {},
): SignedBlock {
  const changed = { ...block.block.header, ...header };
  const term = world.chain.termAt(block.block.header.parentRoot);
  const signer = world.signerOf(term.members[block.block.header.producer]!.blsKey);
  const signature = signer.sign(signingRoot(MainHeaderType, changed, 'block', world.chain.genesisRoot));
  return { block: { ...block.block, ...body, header: changed }, signature };
}

test('blocks are kept with everything that readers ask for', async () => {
  const world = await World.create();
  const signed = world.transaction(transferCall(to, 5n));
  for (let i = 0; i < 6; i++)
    await world.produce(
      i === 2 ? { transactions: [{ ...signed, ...world.transaction(transferCall(to, 5n)) }] } : {},
    );
  const { chain } = world;
  const { root, header } = chain.head;
  expect(header.height).toBe(6);
  for (let height = 0; height < 6; height++) {
    const ancestor = chain.ancestorAt(root, height)!;
    expect(chain.rootAt(height)).toEqual(ancestor);
    expect(chain.header(ancestor)!.height).toBe(height);
    expect(rootFromPath(ancestor, height, 0, 6, chain.pathOfAncestor(root, height))).toEqual(
      header.historyRoot,
    );
    expect(chain.isAncestor(ancestor, root)).toBe(true);
    expect(chain.isAncestor(root, ancestor)).toBe(false);
    expect(chain.children(ancestor)).toEqual([chain.rootAt(height + 1)]);
  }
  expect(chain.tips()).toEqual([root]);
  expect(chain.ancestorAt(root, 7)).toBeUndefined();
  expect(() => chain.ancestorAt(to, 7)).toThrow(UnknownBlockError);
  const block = chain.block(chain.rootAt(3)!)!;
  expect(block.block.header.height).toBe(3);
  const txRoot = transactionRoot(block.block.transactions[0]!.transaction);
  expect(chain.transaction(txRoot)).toMatchObject({
    height: 3,
    position: 0,
    receipt: { applied: 1, fee: 38n },
  });
  expect(chain.transaction(txRoot, chain.rootAt(2)!)).toBeUndefined();
  expect(chain.transaction(to)).toBeUndefined();
  expect(readAccount(chain.stateAt(chain.rootAt(2)!), to).balance).toBe(0n);
  expect(readAccount(chain.stateAt(chain.rootAt(3)!), to).balance).toBe(5n);
});

test('every rule of a block has a case that breaks it', async () => {
  const world = await World.create();
  await world.produce();
  const zero = new Uint8Array(32);
  const built = await world.build({ transactions: [world.transaction(transferCall(to, 1n))] });
  const { block } = built;
  const now = world.chain.slotTime(built.header.slot);
  const certificate = world.certificate(0, 1);
  const headers: [string, Partial<MainHeader>][] = [
    ['bad-version', { version: 2 }],
    ['wrong-genesis', { genesisRoot: zero }],
    ['bad-height', { height: 3 }],
    ['bad-slot', { slot: 1 }],
    ['bad-term', { term: 1 }],
    ['bad-term', { termStart: 1 }],
    ['bad-turn', { round: 1 }],
    ['bad-turn', { position: 3 }],
    ['bad-producer', { producer: 0 }],
    ['bad-transactions-root', { transactionsRoot: zero }],
    ['bad-receipts-root', { receiptsRoot: zero }],
    ['bad-state-root', { stateRoot: zero }],
    ['bad-index-root', { indexRoot: zero }],
    ['bad-history-root', { historyRoot: zero }],
    ['bad-set-root', { setRoot: zero }],
    ['bad-next-set-root', { nextSetRoot: zero }],
    ['bad-certificate-root', { certificateRoot: to.length === 20 ? new Uint8Array(32).fill(1) : zero }],
  ];
  for (const [rule, change] of headers) {
    expect(await ruleOf(world.chain.import(resigned(world, block, change), now)), rule).toBe(rule);
  }
  expect(await ruleOf(world.chain.import({ ...block, signature: new Uint8Array(96) }, now))).toBe(
    'bad-signature',
  );
  const other = world.signerOf(world.delegates[3]!.keys[0]!.publicKey);
  const message = signingRoot(MainHeaderType, built.header, 'block', world.chain.genesisRoot);
  expect(await ruleOf(world.chain.import({ ...block, signature: other.sign(message) }, now))).toBe(
    'bad-signature',
  );
  const stranger = world.transaction(transferCall(to, 1n), { nonce: 9 });
  const withStranger = {
    transactions: [stranger],
    transactionsRoot: TransactionsType.hashTreeRoot([stranger]),
  };
  expect(
    await ruleOf(
      world.chain.import(
        resigned(
          world,
          block,
          { transactionsRoot: withStranger.transactionsRoot },
          { transactions: [stranger] },
        ),
        now,
      ),
    ),
  ).toBe('bad-transaction');
  const future = { ...certificate, vote: { ...certificate.vote, target: { height: 2, root: built.root } } };
  for (const bad of [
    future,
    world.certificate(0, 1, [0, 1]),
    { ...certificate, signature: block.signature },
    { ...certificate, vote: { ...certificate.vote, term: 1 } },
    { ...certificate, vote: { ...certificate.vote, setRoot: zero } },
    { ...certificate, vote: { ...certificate.vote, genesisRoot: zero } },
    { ...certificate, vote: { ...certificate.vote, source: certificate.vote.target } },
    { ...certificate, vote: { ...certificate.vote, source: { height: 0, root: zero } } },
  ]) {
    const carrying = resigned(
      world,
      block,
      { certificateRoot: certificateRoot(bad) },
      { certificates: [bad] },
    );
    expect(await ruleOf(world.chain.import(carrying, now))).toBe('bad-certificate');
  }
  const carrying = resigned(
    world,
    block,
    { certificateRoot: certificateRoot(certificate) },
    { certificates: [certificate] },
  );
  expect((await world.chain.import(carrying, now)).status).toBe('imported');
  expect((await world.chain.import(block, now)).status).toBe('imported');
  expect((await world.chain.import(block, now)).status).toBe('known');
});

test('too early or without parent is to be tried again', async () => {
  const world = await World.create();
  const built = await world.build();
  const now = world.chain.slotTime(built.header.slot);
  await expect(world.chain.import(built.block, now - 1000)).rejects.toThrow(FutureBlockError);
  const orphan = resigned(world, built.block, { parentRoot: new Uint8Array(32).fill(3) });
  const error = await world.chain.import(orphan, now).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UnknownParentError);
  expect(error).toMatchObject({ retryable: true });
  expect((await world.chain.import(built.block, now - 100)).status).toBe('imported');
});

test('two blocks of one height lead to two states, and the head can move between them', async () => {
  const world = await World.create();
  await world.produce();
  const parentRoot = world.chain.head.root;
  const signed = world.transaction(transferCall(to, 5n));
  const a = await world.produce({ transactions: [signed] });
  const a2 = await world.produce();
  const b = await world.build({ parentRoot, slot: 3 });
  await world.chain.import(b.block, world.chain.slotTime(3));
  expect(b.header.height).toBe(a.header.height);
  expect(toHex(b.header.stateRoot)).not.toBe(toHex(a.header.stateRoot));
  expect(world.chain.tips()).toEqual([a2.root, b.root]);
  expect(world.chain.children(parentRoot)).toEqual([a.root, b.root]);
  await world.chain.setHead(b.root);
  expect(world.chain.rootAt(2)).toEqual(b.root);
  expect(world.chain.rootAt(3)).toBeUndefined();
  const txRoot = transactionRoot(signed.transaction);
  expect(world.chain.transaction(txRoot)).toBeUndefined();
  expect(world.chain.transaction(txRoot, a2.root)).toMatchObject({ height: 2 });
  // The same transaction again, on the other branch.
  const c = await world.produce({ transactions: [signed] });
  expect(world.chain.transaction(txRoot)).toMatchObject({ height: 3, blockRoot: c.root });
  await world.chain.setHead(a2.root);
  expect(world.chain.transaction(txRoot)).toMatchObject({ height: 2, blockRoot: a.root });
  await expect(world.chain.setHead(to)).rejects.toThrow(UnknownBlockError);
});

test('a transaction is good only on the branch of its mark', async () => {
  const world = await World.create();
  const parentRoot = world.chain.head.root;
  await world.produce();
  const signed = world.transaction(transferCall(to, 5n));
  const { dropped } = await world.build({ parentRoot, slot: 2, transactions: [signed] });
  expect(dropped[0]!.reason).toBe('bad-mark');
});
