import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { ProofError } from '../../proofs/errors/proof.js';
import {
  type BranchRequest,
  type BuiltPayload,
  type PayloadBuilder,
  type PayloadParameters,
  type PayloadQuestion,
  ProofKindError,
} from '../payloadBuilder.js';
import { parseBitcoinHash } from './kind.js';
import { bip34Height } from './proofs/bip34.js';
import { encodeBranch, siblingsOf } from './proofs/branch.js';
import { BlockProver } from './proofs/build.js';
import { addressFormat, describeScript } from './proofs/output.js';
import { buildPart, type PartKind } from './proofs/part.js';
import { encodeMerkleBlock, partialTree } from './proofs/partialMerkleTree.js';
import { decodeInclusion } from './proofs/payload.js';
import { isDataScript } from './proofs/script.js';
import { type BitcoinTransaction, parseStripped } from './proofs/transaction.js';
import { displayHash } from './rules/checks.js';
import { foreignHeader } from './rules/header.js';

/** Forms of Merkle branches that other programs read. */
export const BRANCH_FORMATS = ['txoutproof', 'esplora', 'electrum'] as const;

const parts: Readonly<Record<string, PartKind>> = {
  output: ProofKind.bitcoinOutput,
  spend: ProofKind.bitcoinSpend,
  data: ProofKind.bitcoinData,
};

/** Payloads about Bitcoin: transactions, a witness, an output, a spend, carried data. */
export const bitcoinPayloadBuilder: PayloadBuilder = {
  chainKind: ChainKindCode.bitcoin,
  aspects: [
    { name: 'tx', takes: [] },
    { name: 'txs', takes: ['also'] },
    { name: 'witness', takes: [] },
    { name: 'output', takes: ['output', 'address'] },
    { name: 'spend', takes: ['input', 'outpoint'] },
    { name: 'data', takes: ['output'] },
  ],
  build(request) {
    const { prover, txid } = subject(request);
    if (request.aspect === 'witness') {
      return explained(() => ({ kind: ProofKind.bitcoinWitness, payload: prover.proveWitness(txid) }));
    }
    const txids = [txid, ...others(prover, request.parameters.also ?? [])];
    return partOfInclusion(request.chain, request, prover.prove(txids));
  },
  readBlock(bytes) {
    const prover = proverOf(bytes);
    return { header: foreignHeader(prover.header, 0), transactionHashes: prover.txids, rawBlock: bytes };
  },
  heightIn(chain, block) {
    const coinbase = block.rawBlock && proverOf(block.rawBlock).stripped(0);
    const script = coinbase && parseStripped(coinbase).inputs[0]?.script;
    return script && bip34Height(chain, block.header.raw, script);
  },
  branchFormats: BRANCH_FORMATS,
  branch(request) {
    const { prover, txid } = subject(request);
    const { format, index, also, block } = request;
    if (format === 'txoutproof') {
      const places = new Set([txid, ...others(prover, also)].map((one) => prover.indexOf(one) ?? index));
      const tree = partialTree(
        prover.rows,
        [...places].sort((a, b) => a - b),
      );
      const bytes = encodeMerkleBlock({ header: prover.header, ...tree });
      return { type: 'text/plain', text: toBareHex(bytes) };
    }
    if (also.length > 0) throw new ProofKindError(`a branch of format=${format} is of one transaction`);
    const branch = { height: block.header.height, index, siblings: siblingsOf(prover.rows, index) };
    return { type: 'application/json', text: encodeBranch(branch) };
  },
};

/**
 * The payload of any aspect but `witness` from an inclusion alone.
 * @param inclusion SSZ `BitcoinInclusion`, of exactly one transaction except for `txs`
 * @throws ProofKindError where the transaction has no such part
 */
export function partOfInclusion(
  chain: string,
  { aspect, parameters }: PayloadQuestion,
  inclusion: Uint8Array,
): BuiltPayload {
  if (aspect === 'tx') return { kind: ProofKind.bitcoinTransaction, payload: inclusion };
  if (aspect === 'txs') return { kind: ProofKind.bitcoinTransactions, payload: inclusion };
  const kind = Object.hasOwn(parts, aspect) ? parts[aspect] : undefined;
  if (kind === undefined) throw new ProofKindError(`an inclusion alone does not prove kind=${aspect}`);
  return explained(() => {
    const [only] = decodeInclusion(inclusion).transactions;
    if (only === undefined) throw new ProofKindError('no transaction to prove');
    const index = choose(kind, chain, parseStripped(only.raw), parameters);
    return { kind, payload: buildPart(kind, inclusion, index) };
  });
}

function choose(
  kind: PartKind,
  chain: string,
  transaction: BitcoinTransaction,
  parameters: PayloadParameters,
): number {
  if (kind === ProofKind.bitcoinSpend) return chooseInput(transaction, parameters);
  const { output, address } = parameters;
  if (output !== undefined && address !== undefined)
    throw new ProofKindError('output and address: one of them only');
  if (output !== undefined) return output;
  if (kind === ProofKind.bitcoinData) {
    const carrying = transaction.outputs.flatMap(({ script }, i) => (isDataScript(script) ? [i] : []));
    return theOne(carrying, 'the transaction has no output that carries data', 'carry data');
  }
  if (address === undefined)
    throw new ProofKindError('kind=output needs the number of the output, or the address that it pays to');
  const format = addressFormat(chain);
  const paid = transaction.outputs.flatMap(({ script }, i) =>
    format !== undefined && describeScript(script, format).address === address ? [i] : [],
  );
  return theOne(paid, `no output of the transaction pays to ${address.slice(0, 100)}`, `pay to ${address}`);
}

/** Which output is asked about is never guessed. */
function theOne(outputs: readonly number[], none: string, what: string): number {
  const [only, second] = outputs;
  if (only === undefined) throw new ProofKindError(none);
  if (second !== undefined)
    throw new ProofKindError(`outputs ${outputs.slice(0, 20).join(', ')} ${what}: name one by its number`);
  return only;
}

function chooseInput(transaction: BitcoinTransaction, { input, outpoint }: PayloadParameters): number {
  if ((input === undefined) === (outpoint === undefined))
    throw new ProofKindError(
      'kind=spend needs the number of the input or the outpoint that it spends, one of them',
    );
  if (outpoint === undefined) return input ?? 0;
  const match = /^([0-9a-f]{64}):(0|[1-9][0-9]{0,9})$/.exec(outpoint);
  if (match?.[1] === undefined)
    throw new ProofKindError('outpoint: must be a transaction id, a colon and a number');
  const txid = parseBitcoinHash(match[1]);
  const found = transaction.inputs.findIndex(
    (one) => bytesEqual(one.txid, txid) && one.output === Number(match[2]),
  );
  if (found < 0) throw new ProofKindError(`no input of the transaction spends ${outpoint}`);
  return found;
}

/** Blocks that somebody still holds, read and hashed once. */
const provers = new WeakMap<Uint8Array, BlockProver>();

function proverOf(rawBlock: Uint8Array): BlockProver {
  const known = provers.get(rawBlock);
  if (known !== undefined) return known;
  const prover = new BlockProver(rawBlock);
  provers.set(rawBlock, prover);
  return prover;
}

function subject({ block, index }: Pick<BranchRequest, 'block' | 'index'>): {
  prover: BlockProver;
  txid: Uint8Array;
} {
  if (!block.rawBlock) throw new ProofKindError('the block was read without its transactions');
  const prover = proverOf(block.rawBlock);
  const txid = prover.txids[index];
  if (txid === undefined) throw new ProofKindError(`the block has no transaction ${index}`);
  return { prover, txid };
}

function others(prover: BlockProver, texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => {
    const txid = parseBitcoinHash(text);
    if (prover.indexOf(txid) === undefined)
      throw new ProofKindError(
        `transaction ${displayHash(txid)} is not in the block of the first: those of one proof are of one block`,
      );
    return txid;
  });
}

/** What a transaction lacks is the question's fault, not a proof's. */
function explained<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof ProofError || error instanceof MalformedInputError)
      throw new ProofKindError(error.message, { cause: error });
    throw error;
  }
}
