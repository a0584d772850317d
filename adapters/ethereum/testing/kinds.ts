import { concatBytes, fromHex, utf8 } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { PayloadClaim, PayloadVerifier } from '../../../proofs/verify/payload.js';
import type { ForeignHeader } from '../../types.js';
import {
  buildAccount,
  buildAccounts,
  buildBlockLog,
  buildCode,
  buildCount,
  buildLogs,
  buildSeveral,
  buildStorage,
  buildWithdrawal,
  CountedList,
  EthereumBlockProver,
  ethereumPayloadVerifiers,
  ItemPart,
  logFilter,
} from '../proofs/index.js';
import { indexTrie } from '../trie/build.js';
import { addressOf, leafOfHeader, logOf, SampleState, sampleBlockOn, wordOf } from './chain.js';

/** For tests: a block with all that proofs can be about, and a payload of each of the newer kinds. */
export const TOKEN = addressOf('token');
export const SINGLE = addressOf('single slot');
export const PAYEE = addressOf('payee');
export const DELEGATOR = addressOf('delegator');
export const NOBODY = addressOf('nobody');
export const CODE: Uint8Array = utf8('code of the token');
export const SLOTS = Array.from({ length: 20 }, (_, i) => wordOf(`slot ${i}`));
export const ONLY_SLOT = wordOf('only slot');

export const state = new SampleState([
  { address: TOKEN, nonce: 1, code: CODE, storage: SLOTS.map((slot, i) => [slot, BigInt(i + 1) << 100n]) },
  { address: SINGLE, code: utf8('x'), storage: [[ONLY_SLOT, 7n]] },
  { address: PAYEE, nonce: 3, balance: 1_500_000_000_000_000_000n },
  { address: DELEGATOR, nonce: 9, code: concatBytes(fromHex('ef0100'), TOKEN) },
  ...Array.from({ length: 30 }, (_, i) => ({ address: addressOf(`filler ${i}`), balance: BigInt(i + 1) })),
]);

/** Twenty transactions, the first of which wrote none, the others one to three logs. */
export const block = sampleBlockOn(
  { height: 99, hash: wordOf('parent'), time: 1_700_000_000 },
  {
    transactions: Array.from({ length: 20 }, (_, i) => ({
      type: i % 4 === 0 ? 0 : 2,
      logs: Array.from({ length: i === 0 ? 0 : 1 + (i % 3) }, (__, n) =>
        logOf(n === 0 ? 'token' : 'other', ['Transfer', `from ${i}`, `to ${n}`], `data ${i} ${n}`),
      ),
    })),
    withdrawals: 16,
    state,
  },
);
/** A small block on top of it, with a log of a contract that the first block's header excludes. */
export const next = sampleBlockOn(block.header, {
  transactions: [{ logs: [logOf('rare', ['Transfer'], 'a')] }, { type: 0, logs: [logOf('other', [])] }],
});
export const prover = new EthereumBlockProver(block);
export const leaf = leafOfHeader(block.header);
export const withdrawals = indexTrie(block.withdrawals);

/** The nodes that a node would answer. */
export function nodesOf(address: Uint8Array, slots: readonly Uint8Array[] = []) {
  return state.prove(block.header, address, slots);
}

export function storageOf(address: Uint8Array, slots: readonly Uint8Array[]): Uint8Array {
  const { accountNodes, slots: proofs } = nodesOf(address, slots);
  return buildStorage(block.header.stateRoot, address, accountNodes, proofs);
}

/** Payloads by what they are about. */
const payloads: Readonly<Record<string, readonly [kind: number, payload: Uint8Array]>> = {
  several: [
    ProofKind.ethereumSeveral,
    buildSeveral(prover, [
      { index: 7, part: ItemPart.log, log: 1 },
      { index: 7, part: ItemPart.transaction, log: 0 },
      { index: 2, part: ItemPart.receipt, log: 0 },
      { index: 13, part: ItemPart.transaction, log: 0 },
    ]),
  ],
  'number of transactions': [
    ProofKind.ethereumCount,
    buildCount(CountedList.transactions, prover.transactionTrie, 20),
  ],
  'number of withdrawals': [
    ProofKind.ethereumCount,
    buildCount(CountedList.withdrawals, withdrawals, 16, block.header.raw),
  ],
  'log in its block': [ProofKind.ethereumBlockLog, buildBlockLog(prover, 5, 1)],
  account: [ProofKind.ethereumAccount, buildAccount(PAYEE, nodesOf(PAYEE).accountNodes)],
  accounts: [
    ProofKind.ethereumAccount,
    buildAccounts(
      block.header.stateRoot,
      [SINGLE, NOBODY].map((address) => ({ address, nodes: nodesOf(address).accountNodes })),
    ),
  ],
  'no account': [ProofKind.ethereumAccount, buildAccount(NOBODY, nodesOf(NOBODY).accountNodes)],
  slots: [
    ProofKind.ethereumStorage,
    storageOf(
      TOKEN,
      [SLOTS[3], SLOTS[9], wordOf('empty')].filter((s) => s !== undefined),
    ),
  ],
  'empty slot beside a single one': [ProofKind.ethereumStorage, storageOf(SINGLE, [wordOf('empty')])],
  'slot of no account': [ProofKind.ethereumStorage, storageOf(NOBODY, [ONLY_SLOT])],
  code: [ProofKind.ethereumCode, buildCode(TOKEN, nodesOf(TOKEN).accountNodes, CODE)],
  'no code': [ProofKind.ethereumCode, buildCode(PAYEE, nodesOf(PAYEE).accountNodes, new Uint8Array(0))],
  withdrawal: [ProofKind.ethereumWithdrawal, buildWithdrawal(block.header.raw, withdrawals, 9)],
  'no withdrawal': [ProofKind.ethereumWithdrawal, buildWithdrawal(block.header.raw, withdrawals, 16)],
  logs: [
    ProofKind.ethereumLogs,
    buildLogs(logFilter([addressOf('rare')], [[wordOf('Transfer'), wordOf('Approval')]]), [
      { header: block.header.raw, receipts: undefined },
      { header: next.header.raw, receipts: next.receipts },
    ]),
  ],
  'no logs': [
    ProofKind.ethereumLogs,
    buildLogs(logFilter([addressOf('silent')], []), [{ header: block.header.raw, receipts: undefined }]),
  ],
};

/** Payloads by what they are about, each with the header of the block that it is of. */
export const samples: Readonly<
  Record<string, readonly [kind: number, payload: Uint8Array, header: ForeignHeader]>
> = Object.fromEntries(
  Object.entries(payloads).map(([name, [kind, payload]]) => [
    name,
    [kind, payload, name === 'logs' ? next.header : block.header],
  ]),
);

export function verifierOf(kind: number): PayloadVerifier {
  const verifier = ethereumPayloadVerifiers.find((one) => one.kind === kind);
  if (verifier === undefined) throw new RangeError(`no Ethereum payload has the kind ${kind}`);
  return verifier;
}

export function verify(kind: number, payload: Uint8Array, under = leaf): PayloadClaim {
  return verifierOf(kind).verify(payload, under, 'ethereum-local');
}

/** The flaw that a check names, or `accepted`. */
export function flawOf(check: () => unknown): string {
  try {
    check();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return error.flaw;
  }
}
