import { keccak_256 } from '@noble/hashes/sha3.js';
import { describe, expect, it } from 'vitest';
import { toHex, ZERO32 } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError } from '../../../proofs/errors/input.js';
import { encodeRlp, type RlpItem } from '../rlp/rlp.js';
import { addressOf, wordOf } from '../testing/chain.js';
import {
  block,
  CODE,
  DELEGATOR,
  flawOf,
  leaf,
  NOBODY,
  nodesOf,
  ONLY_SLOT,
  PAYEE,
  SINGLE,
  SLOTS,
  samples,
  storageOf,
  TOKEN,
  verify,
} from '../testing/kinds.js';
import { EMPTY_TRIE_ROOT, Trie } from '../trie/build.js';
import {
  AccountPayloadType,
  AccountQuestionType,
  buildAccount,
  buildAccounts,
  EMPTY_CODE_HASH,
} from './account.js';
import { buildCode, CodePayloadType, MAX_CODE_BYTES } from './code.js';
import { questionId } from './common.js';
import { buildStorage, MAX_SLOTS, StoragePayloadType, StorageQuestionType } from './storage.js';

const none = new Uint8Array(0);
const facts = (kind: number, payload: Uint8Array, under = leaf) => verify(kind, payload, under).facts;

describe('accounts', () => {
  it('are shown with all that the state holds of them, or shown to be absent', () => {
    expect(facts(ProofKind.ethereumAccount, samples.account![1])).toEqual({
      address: toHex(PAYEE),
      exists: true,
      nonce: '3',
      balance: '1500000000000000000',
      storageRoot: toHex(EMPTY_TRIE_ROOT),
      codeHash: toHex(EMPTY_CODE_HASH),
    });
    expect(facts(ProofKind.ethereumAccount, samples['no account']![1])).toEqual({
      address: toHex(NOBODY),
      exists: false,
    });
  });

  it('several of them, there or not, share nodes in one proof', () => {
    const { stateRoot } = block.header;
    const some = [PAYEE, NOBODY, TOKEN, SINGLE].map((address) => ({
      address,
      nodes: nodesOf(address).accountNodes,
    }));
    const payload = buildAccounts(stateRoot, some);
    expect(buildAccounts(stateRoot, some.toReversed())).toEqual(payload);
    expect(buildAccounts(stateRoot, some.slice(0, 1))).toEqual(samples.account![1]);
    const { accounts } = facts(ProofKind.ethereumAccount, payload) as { accounts: { address: string }[] };
    expect(accounts.map(({ address }) => address)).toEqual(some.map(({ address }) => toHex(address)).sort());
    for (const [of, wanted] of [
      [PAYEE, { exists: true, nonce: '3' }],
      [NOBODY, { exists: false }],
    ] as const)
      expect(accounts.find(({ address }) => address === toHex(of))).toMatchObject(wanted);
    const good = AccountPayloadType.deserialize(payload);
    const alone = some.reduce((sum, { nodes }) => sum + nodes.length, 0);
    expect(good.nodes.length).toBeLessThan(alone);
    const asked = (addresses: Uint8Array[], nodes = good.nodes) => {
      const id = questionId(ProofKind.ethereumAccount, AccountQuestionType, { addresses });
      const changed = AccountPayloadType.serialize({ question: { addresses }, id, nodes });
      return flawOf(() => verify(ProofKind.ethereumAccount, changed));
    };
    const { addresses } = good.question;
    expect(asked(addresses)).toBe('accepted');
    expect(asked(addresses.toReversed())).toBe('non-canonical');
    expect(asked([addresses[0]!, ...addresses])).toBe('non-canonical');
    expect(asked(addresses.slice(1))).toBe('account-mismatch');
    expect(asked([], [])).toBe('malformed');
    expect(() => buildAccounts(stateRoot, [])).toThrow(/are none/);
    expect(() => buildAccounts(stateRoot, [some[0]!, some[0]!])).toThrow(/twice/);
    expect(() =>
      buildAccounts(
        stateRoot,
        Array.from({ length: 257 }, () => some[0]!),
      ),
    ).toThrow(LimitExceededError);
    expect(() => buildAccounts(stateRoot, [{ address: PAYEE, nodes: [] }])).toThrow(/trie/);
  });

  it('cannot be shown absent, or present, by the nodes of another', () => {
    const as = (address: Uint8Array, nodes: readonly Uint8Array[]) =>
      flawOf(() => verify(ProofKind.ethereumAccount, buildAccount(address, nodes)));
    expect(as(PAYEE, nodesOf(NOBODY).accountNodes)).toBe('account-mismatch');
    expect(as(NOBODY, nodesOf(PAYEE).accountNodes)).toBe('account-mismatch');
    expect(as(PAYEE, [...nodesOf(PAYEE).accountNodes, new Uint8Array(0)])).toBe('account-mismatch');
    expect(as(PAYEE, nodesOf(PAYEE).accountNodes.slice(0, -1))).toBe('account-mismatch');
    // Where one node is the whole state, it shows any other account to be absent: the question has to be the right one.
    const good = AccountPayloadType.deserialize(samples['no account']![1]);
    const other = AccountPayloadType.serialize({ ...good, question: { addresses: [addressOf('x')] } });
    expect(() => verify(ProofKind.ethereumAccount, other)).toThrow(/not the one that the proof is about/);
  });

  it.each<[string, RlpItem]>([
    ['three fields', [none, none, ZERO32]],
    ['a nonce with a zero', [Uint8Array.of(0), none, ZERO32, ZERO32]],
    ['a nonce too long', [new Uint8Array(9).fill(1), none, ZERO32, ZERO32]],
    ['a short storage root', [none, none, new Uint8Array(31), ZERO32]],
    ['a short code hash', [none, none, ZERO32, none]],
    ['no list', ZERO32],
  ])('with %s are refused, even under their own root', (_, value) => {
    const trie = new Trie([{ key: keccak_256(PAYEE), value: encodeRlp(value) }]);
    const payload = buildAccount(PAYEE, trie.prove(keccak_256(PAYEE)));
    const under = { ...leaf, stateRoot: trie.root };
    expect(flawOf(() => verify(ProofKind.ethereumAccount, payload, under))).toBe('account-mismatch');
  });
});

describe('storage', () => {
  const asked = (payload: Uint8Array, changes: object, slots?: readonly Uint8Array[]) => {
    const good = StoragePayloadType.deserialize(payload);
    const question = { ...good.question, ...(slots === undefined ? {} : { slots: [...slots] }) };
    const id = questionId(ProofKind.ethereumStorage, StorageQuestionType, question);
    const changed = StoragePayloadType.serialize({ ...good, ...changes, question, id });
    return flawOf(() => verify(ProofKind.ethereumStorage, changed));
  };

  it('shows each slot, zero where there is none, in ascending order', () => {
    const empty = wordOf('empty');
    const all = [...SLOTS, empty];
    const { storage } = facts(ProofKind.ethereumStorage, storageOf(TOKEN, all)) as {
      storage: { slot: string; value: string }[];
    };
    expect(storage.map(({ slot }) => slot)).toEqual(all.map(toHex).sort());
    for (const [i, slot] of SLOTS.entries())
      expect(BigInt(storage.find((one) => one.slot === toHex(slot))!.value)).toBe(BigInt(i + 1) << 100n);
    expect(storage.find((one) => one.slot === toHex(empty))!.value).toBe(toHex(ZERO32));
    expect(storageOf(TOKEN, all.toReversed())).toEqual(storageOf(TOKEN, all));
  });

  it('is zero everywhere where there is no storage or no account', () => {
    for (const [address, exists] of [
      [PAYEE, true],
      [NOBODY, false],
    ] as const) {
      const payload = storageOf(address, [ONLY_SLOT]);
      expect(StoragePayloadType.deserialize(payload).storageNodes).toEqual([]);
      expect(facts(ProofKind.ethereumStorage, payload)).toMatchObject({
        exists,
        storage: [{ value: toHex(ZERO32) }],
      });
    }
    expect(verify(ProofKind.ethereumStorage, storageOf(SINGLE, [ONLY_SLOT])).summary).toContain('07');
  });

  it('is refused in another order, with another slot, with nodes too many or of another account', () => {
    const payload = storageOf(TOKEN, SLOTS.slice(0, 3));
    const sorted = StoragePayloadType.deserialize(payload).question.slots;
    const { storageNodes } = StoragePayloadType.deserialize(payload);
    expect(asked(payload, {})).toBe('accepted');
    expect(asked(payload, {}, sorted.toReversed())).toBe('non-canonical');
    expect(asked(payload, {}, [sorted[0]!, ...sorted])).toBe('non-canonical');
    expect(asked(payload, {}, [])).toBe('malformed');
    expect(asked(payload, {}, sorted.slice(0, 2))).toBe('storage-mismatch');
    expect(asked(payload, { storageNodes: [] })).toBe('storage-mismatch');
    expect(asked(payload, { storageNodes: [...storageNodes, storageNodes[0]!] })).toBe('storage-mismatch');
    expect(asked(payload, { accountNodes: nodesOf(SINGLE).accountNodes })).toBe('account-mismatch');
    const single = storageOf(SINGLE, [ONLY_SLOT]);
    expect(asked(single, { storageNodes })).toBe('storage-mismatch');
  });

  it('is not made of no slot, a slot twice, too many, or nodes that do not hold', () => {
    const { accountNodes, slots } = nodesOf(TOKEN, [SLOTS[0]!, SLOTS[0]!]);
    const build = (given: typeof slots) => () =>
      buildStorage(block.header.stateRoot, TOKEN, accountNodes, given);
    expect(build([])).toThrow(/are none/);
    expect(build(slots)).toThrow(/twice/);
    expect(build(Array.from({ length: MAX_SLOTS + 1 }, () => slots[0]!))).toThrow(LimitExceededError);
    expect(build([{ key: SLOTS[1]!, nodes: slots[0]!.nodes }])).toThrow(/trie/);
  });
});

describe('storage values', () => {
  it.each<[string, RlpItem]>([
    ['zero', none],
    ['a leading zero', Uint8Array.of(0, 1)],
    ['33 bytes', new Uint8Array(33).fill(1)],
    ['a list', [Uint8Array.of(1)]],
  ])('of %s are refused, even under their own root', (_, value) => {
    const storage = new Trie([{ key: keccak_256(ONLY_SLOT), value: encodeRlp(value) }]);
    const account = encodeRlp([none, none, storage.root, EMPTY_CODE_HASH]);
    const trie = new Trie([{ key: keccak_256(PAYEE), value: account }]);
    const nodes = storage.prove(keccak_256(ONLY_SLOT));
    const slots = [{ key: ONLY_SLOT, nodes }];
    const payload = buildStorage(trie.root, PAYEE, trie.prove(keccak_256(PAYEE)), slots);
    const under = { ...leaf, stateRoot: trie.root };
    expect(flawOf(() => verify(ProofKind.ethereumStorage, payload, under))).toBe('storage-mismatch');
  });
});

describe('code', () => {
  it('is the bytes of the code hash, none where there is none, and told apart where an account delegates', () => {
    expect(facts(ProofKind.ethereumCode, samples.code![1])).toMatchObject({
      exists: true,
      code: toHex(CODE),
    });
    const nobody = buildCode(NOBODY, nodesOf(NOBODY).accountNodes, new Uint8Array(0));
    expect(facts(ProofKind.ethereumCode, nobody)).toMatchObject({ exists: false, code: '0x' });
    const { accountNodes } = nodesOf(DELEGATOR);
    const delegation = Uint8Array.of(0xef, 0x01, 0x00, ...TOKEN);
    const claim = verify(ProofKind.ethereumCode, buildCode(DELEGATOR, accountNodes, delegation));
    expect(claim.summary).toBe(`account ${toHex(DELEGATOR)} delegates to ${toHex(TOKEN)}`);
  });

  it('of another contract, or none, is refused', () => {
    const flaw = (address: Uint8Array, code: Uint8Array) =>
      flawOf(() => verify(ProofKind.ethereumCode, buildCode(address, nodesOf(address).accountNodes, code)));
    expect(flaw(TOKEN, new Uint8Array(0))).toBe('code-mismatch');
    expect(flaw(PAYEE, CODE)).toBe('code-mismatch');
    expect(flaw(NOBODY, CODE)).toBe('code-mismatch');
    expect(() => buildCode(TOKEN, [], new Uint8Array(MAX_CODE_BYTES + 1))).toThrow(LimitExceededError);
    const good = CodePayloadType.deserialize(samples.code![1]);
    const changed = CodePayloadType.serialize({ ...good, nodes: [] });
    expect(flawOf(() => verify(ProofKind.ethereumCode, changed))).toBe('account-mismatch');
  });
});
