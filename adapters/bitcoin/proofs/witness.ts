import { bytesEqual, concatBytes, fromHex, toBareHex, ZERO32 } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { malformed, objectOf } from '../../../proofs/format/jsonValue.js';
import { strict } from '../../../proofs/format/ssz.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { Json, PayloadVerifier } from '../../../proofs/verify/payload.js';
import { displayHash } from '../rules/checks.js';
import { segwitHeight } from '../rules/segwit.js';
import { hash, hashes, hex, inclusionJson, readInclusionJson } from './json.js';
import { merkleRows, multiproofRoot } from './merkle.js';
import { type BitcoinWitness, BitcoinWitnessType, MAX_WITNESS_BYTES, MAX_WITNESS_NODES } from './payload.js';
import { joinParts, parseStripped, parseWitness, type TransactionParts } from './transaction.js';
import { transactionClaim } from './verifier.js';
import { verifySingle } from './verify.js';

/** Output script of a witness commitment: OP_RETURN, a push of 36 bytes, these four, the hash (BIP141). */
const COMMITMENT_TAG = fromHex('6a24aa21a9ed');
const COMMITMENT_BYTES = 38;
/** A transaction of this size could be an inner node of the tree (CVE-2017-12842). */
const AMBIGUOUS_BYTES = 64;

/** Rows of the tree over a block's wtxids, leaves first; the coinbase's is zero (BIP141). */
export function wtxidRows(transactions: readonly TransactionParts[]): Uint8Array[][] {
  return merkleRows(transactions.map((parts, i) => (i === 0 ? ZERO32 : sha256d(joinParts(parts)))));
}

/** The witness reserved value: the only item of the coinbase's witness, 32 bytes (BIP141); `undefined` without one. */
export function reservedOf({ stripped, witness }: TransactionParts): Uint8Array | undefined {
  if (witness.length === 0) return undefined;
  const [stack] = parseWitness(witness, parseStripped(stripped).inputs.length);
  const [reserved] = stack ?? [];
  return stack?.length === 1 && reserved?.length === 32 ? reserved : undefined;
}

/** Place of a coinbase's witness commitment, -1 without one: in the last output that has its form (BIP141, Bitcoin Core `GetWitnessCommitmentIndex`). */
export function commitmentIndex(outputs: readonly { readonly script: Uint8Array }[]): number {
  return outputs.findLastIndex(
    ({ script }) =>
      script.length >= COMMITMENT_BYTES &&
      bytesEqual(script.subarray(0, COMMITMENT_TAG.length), COMMITMENT_TAG),
  );
}

/**
 * Why a coinbase does not commit to this root of wtxids (BIP141). `undefined` where it does.
 * @param coinbase stripped
 */
export function commitmentProblem(
  coinbase: Uint8Array,
  root: Uint8Array | undefined,
  reserved: Uint8Array | undefined,
): string | undefined {
  const { outputs } = parseStripped(coinbase);
  const commitment = outputs[commitmentIndex(outputs)];
  if (commitment === undefined) return 'has no witness commitment in its coinbase';
  if (reserved === undefined) return 'has no witness reserved value in its coinbase';
  const committed = commitment.script.subarray(COMMITMENT_TAG.length, COMMITMENT_BYTES);
  return root !== undefined && bytesEqual(sha256d(concatBytes(root, reserved)), committed)
    ? undefined
    : 'has another witness commitment in its coinbase';
}

/** Payload of `bitcoin-witness`: a `BitcoinWitness`. */
export const bitcoinWitnessVerifier: PayloadVerifier = {
  kind: ProofKind.bitcoinWitness,
  name: 'bitcoin-witness',
  chainKind: ChainKindCode.bitcoin,
  verify(payload, leaf, chainName) {
    requireSegwit(leaf, chainName);
    const { inclusion, witness, reserved, nodes } = decode(payload);
    const { proven, coinbase } = verifySingle(inclusion, leaf.transactionsRoot);
    if (proven.index === 0)
      throw new ProofError('transaction-mismatch', 'the witness of a coinbase is not committed');
    const stacks = witness.length === 0 ? [] : parseWitness(witness, proven.transaction.inputs.length);
    const raw = joinParts({ stripped: proven.raw, witness });
    if (raw.length === AMBIGUOUS_BYTES)
      throw new ProofError('transaction-mismatch', 'a transaction of 64 bytes could be an inner Merkle node');
    const wtxid = sha256d(raw);
    const leaves = [
      { index: 0, hash: ZERO32 },
      { index: proven.index, hash: wtxid },
    ];
    const root = multiproofRoot(inclusion.depth, leaves, nodes);
    const problem = commitmentProblem(coinbase.raw, root, reserved);
    if (problem !== undefined) throw new ProofError('transaction-mismatch', `the block ${problem}`);
    const { summary, facts } = transactionClaim(proven, chainName);
    return {
      summary: `${summary}, with its witness`,
      facts: {
        ...facts,
        wtxid: displayHash(wtxid),
        fullSize: raw.length,
        witness: stacks.map((items): Json => items.map(toBareHex)),
      },
    };
  },
  toJson(payload) {
    const { inclusion, witness, reserved, nodes } = decode(payload);
    return {
      inclusion: inclusionJson(inclusion),
      wtxid: displayHash(wtxidOf({ inclusion, witness })),
      witness: toBareHex(witness),
      reserved: toBareHex(reserved),
      nodes: nodes.map(displayHash),
    };
  },
  fromJson(json) {
    const record = objectOf(json, ['inclusion', 'wtxid', 'witness', 'reserved', 'nodes'], 'payload');
    const inclusion = readInclusionJson(record.inclusion, 'payload.inclusion');
    const witness = hex(record.witness, 'payload.witness', MAX_WITNESS_BYTES);
    if (!bytesEqual(hash(record.wtxid, 'payload.wtxid'), wtxidOf({ inclusion, witness })))
      throw malformed('payload.wtxid', 'is not the hash of transaction and witness');
    const reserved = hex(record.reserved, 'payload.reserved', 32);
    if (reserved.length !== 32) throw malformed('payload.reserved', 'is not 32 bytes');
    const nodes = hashes(record.nodes, MAX_WITNESS_NODES, 'payload.nodes');
    return BitcoinWitnessType.serialize({ inclusion, witness, reserved, nodes });
  },
};

function decode(payload: Uint8Array): BitcoinWitness {
  return strict(BitcoinWitnessType, payload, 'Bitcoin witness payload');
}

/** Below segwit's activation no rule binds a commitment. A leaf of no assurance is of an unanchored header, whose height nobody knows. */
function requireSegwit(leaf: Leaf, chainName: string): void {
  const from = segwitHeight(chainName);
  if (leaf.assurance !== 0 && leaf.height < from)
    throw new ProofError(
      'transaction-mismatch',
      `${chainName} has no segwit at height ${leaf.height}, only from ${from} on (BIP141)`,
    );
}

function wtxidOf({ inclusion, witness }: Pick<BitcoinWitness, 'inclusion' | 'witness'>): Uint8Array {
  const [only, second] = inclusion.transactions;
  if (only === undefined || second !== undefined)
    throw malformed('payload.inclusion', 'has not exactly one transaction');
  return sha256d(joinParts({ stripped: only.raw, witness }));
}
