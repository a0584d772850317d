import { bytesEqual, concatBytes, toBareHex } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { objectOf } from '../../../proofs/format/jsonValue.js';
import { strict } from '../../../proofs/format/ssz.js';
import { sha256, sha256d } from '../../../proofs/hash/hasher.js';
import type { PayloadClaim, PayloadVerifier } from '../../../proofs/verify/payload.js';
import { displayHash } from '../rules/checks.js';
import { hex, inclusionJson, integer, readInclusionJson } from './json.js';
import { type AddressFormat, addressFormat, describeScript, destination, formatBtc } from './output.js';
import { type BitcoinPart, BitcoinPartType, decodeInclusion } from './payload.js';
import { dataFacts, dataPushes } from './script.js';
import {
  type BitcoinTransaction,
  isCoinbase,
  parseStripped,
  type TransactionInput,
  type TransactionOutput,
} from './transaction.js';
import { type ProvenTransaction, verifySingle } from './verify.js';
import { compactSize, uint32le, uint64le } from './wire.js';

/** Kinds about one input or output. */
export type PartKind =
  | typeof ProofKind.bitcoinOutput
  | typeof ProofKind.bitcoinSpend
  | typeof ProofKind.bitcoinData;

/** Longest text that a summary repeats. */
const NAMED_TEXT = 80;

/**
 * Fixes one input or output of one transaction for one kind of proof: SHA-256 of the kind (1 byte), the txid (32), the
 * place (4 bytes, little-endian) and what is there: an input's outpoint, or an output's value and script, as in the transaction.
 * @throws ProofError `transaction-mismatch` where the transaction has no such part
 */
export function partId(
  kind: PartKind,
  txid: Uint8Array,
  index: number,
  transaction: BitcoinTransaction,
): Uint8Array {
  const part =
    kind === ProofKind.bitcoinSpend ? spentBy(transaction, index) : outputBytes(outputAt(transaction, index));
  return sha256(concatBytes(Uint8Array.of(kind), txid, uint32le(index), part));
}

/**
 * SSZ `BitcoinPart` from the inclusion of one transaction.
 * @param inclusion SSZ `BitcoinInclusion` of exactly one transaction
 * @throws ProofError `malformed`; `transaction-mismatch` where the transaction has no such part
 */
export function buildPart(kind: PartKind, inclusion: Uint8Array, index: number): Uint8Array {
  const decoded = decodeInclusion(inclusion);
  const [only, second] = decoded.transactions;
  if (only === undefined || second !== undefined)
    throw new ProofError('malformed', 'a proof of this kind has exactly one transaction');
  const transaction = parseStripped(only.raw);
  if (kind === ProofKind.bitcoinData) dataPushes(outputAt(transaction, index).script);
  const txid = sha256d(only.raw);
  return BitcoinPartType.serialize({
    index,
    id: partId(kind, txid, index, transaction),
    inclusion: decoded,
  });
}

/** Payload of `bitcoin-output`: script, address and amount of one output. */
export const bitcoinOutputVerifier = verifier(
  ProofKind.bitcoinOutput,
  'bitcoin-output',
  (proven, index, format) => {
    const output = outputAt(proven.transaction, index);
    return {
      summary: `output ${index} of transaction ${displayHash(proven.txid)}: ${formatBtc(output.value)} BTC to ${destination(output, format)}`,
      facts: { ...outputFacts(proven, index, output), ...describeScript(output.script, format) },
    };
  },
);

/** Payload of `bitcoin-spend`: which output one input spends. */
export const bitcoinSpendVerifier = verifier(ProofKind.bitcoinSpend, 'bitcoin-spend', (proven, index) => {
  const input = inputAt(proven.transaction, index);
  const spent = `${displayHash(input.txid)}:${input.output}`;
  const txid = displayHash(proven.txid);
  return {
    summary: `input ${index} of transaction ${txid} spends ${spent}`,
    facts: { spent, txid, input: index },
  };
});

/** Payload of `bitcoin-data`: what one OP_RETURN output carries. */
export const bitcoinDataVerifier = verifier(ProofKind.bitcoinData, 'bitcoin-data', (proven, index) => {
  const output = outputAt(proven.transaction, index);
  const { facts, bytes, text } = dataFacts(dataPushes(output.script));
  const what =
    text === undefined || text.length > NAMED_TEXT
      ? `${bytes} bytes of data`
      : `data ${JSON.stringify(text)}`;
  return {
    summary: `${what} in output ${index} of transaction ${displayHash(proven.txid)}`,
    facts: { ...outputFacts(proven, index, output), ...facts },
  };
});

function verifier(
  kind: PartKind,
  name: string,
  claim: (proven: ProvenTransaction, index: number, format: AddressFormat) => PayloadClaim,
): PayloadVerifier {
  return {
    kind,
    name,
    chainKind: ChainKindCode.bitcoin,
    verify(payload, leaf, chainName) {
      const format = addressFormat(chainName);
      if (format === undefined)
        throw new ProofError('unknown-chain', `no Bitcoin network is called ${chainName}`);
      const { index, id, inclusion } = decode(payload);
      const { proven } = verifySingle(inclusion, leaf.transactionsRoot);
      if (!bytesEqual(partId(kind, proven.txid, index, proven.transaction), id)) {
        throw new ProofError(
          'transaction-mismatch',
          `${kind === ProofKind.bitcoinSpend ? 'input' : 'output'} ${index} is not the one that the proof is about`,
        );
      }
      return claim(proven, index, format);
    },
    toJson(payload) {
      const { index, id, inclusion } = decode(payload);
      return { index, id: toBareHex(id), inclusion: inclusionJson(inclusion) };
    },
    fromJson(json) {
      const record = objectOf(json, ['index', 'id', 'inclusion'], 'payload');
      const id = hex(record.id, 'payload.id', 32);
      if (id.length !== 32) throw new ProofError('malformed', 'payload.id is not 32 bytes');
      return BitcoinPartType.serialize({
        index: integer(record.index, 0xffffffff, 'payload.index'),
        id,
        inclusion: readInclusionJson(record.inclusion, 'payload.inclusion'),
      });
    },
  };
}

function decode(payload: Uint8Array): BitcoinPart {
  return strict(BitcoinPartType, payload, 'Bitcoin payload');
}

function outputFacts(proven: ProvenTransaction, index: number, output: TransactionOutput) {
  return {
    outpoint: `${displayHash(proven.txid)}:${index}`,
    amount: output.value.toString(),
    script: toBareHex(output.script),
  };
}

function outputAt({ outputs }: BitcoinTransaction, index: number): TransactionOutput {
  const output = outputs[index];
  if (output === undefined)
    throw new ProofError(
      'transaction-mismatch',
      `the transaction has ${outputs.length} outputs, not one at index ${index}`,
    );
  return output;
}

function outputBytes({ value, script }: TransactionOutput): Uint8Array {
  return concatBytes(uint64le(value), compactSize(script.length), script);
}

function spentBy(transaction: BitcoinTransaction, index: number): Uint8Array {
  const { txid, output } = inputAt(transaction, index);
  return concatBytes(txid, uint32le(output));
}

function inputAt(transaction: BitcoinTransaction, index: number): TransactionInput {
  if (isCoinbase(transaction))
    throw new ProofError('transaction-mismatch', 'the transaction is a coinbase, which spends nothing');
  const input = transaction.inputs[index];
  if (input === undefined)
    throw new ProofError(
      'transaction-mismatch',
      `the transaction has ${transaction.inputs.length} inputs, not one at index ${index}`,
    );
  return input;
}
