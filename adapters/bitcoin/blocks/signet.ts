import { Transaction } from 'bitcoinjs-lib';
import { bytesEqual, concatBytes, ZERO32 } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { merkleRows } from '../proofs/merkle.js';
import { ByteReader } from '../proofs/reader.js';
import { commitmentIndex } from '../proofs/witness.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { type ParsedBlock, parseBlock } from './block.js';
import { checkChallenge } from './challenge.js';
import { SignetSolutionError } from './errors.js';
import { push, readOpsUntilCut } from './ops.js';

/** What the block solution's push begins with (BIP325; Bitcoin Core `SIGNET_HEADER`). */
const SIGNET_HEADER = Uint8Array.of(0xec, 0xc7, 0xda, 0xa2);
const OP_RETURN = Uint8Array.of(0x6a);
const NULL_OUTPUT = 0xffffffff;
const NOTHING = new Uint8Array(0);

/**
 * Checks a signet block's solution against the network's challenge (BIP325; Bitcoin Core `CheckSignetBlockSolution`). The
 * genesis block, which has none, is not for this function.
 * @param challenge script of the network
 * @throws SignetSolutionError (`bad-signet-blksig`); ChallengeNotSupportedError; MalformedInputError if the block does not parse
 */
export function checkSignetBlock(rawBlock: Uint8Array, challenge: Uint8Array): void {
  checkChallenge(challenge, signetTransactions(parseBlock(rawBlock), challenge).toSign);
}

/** What was done about a block's signature. */
export type BlockSignature = 'not-signet' | 'genesis' | 'valid';

/**
 * The same for any network: nothing is checked where it is no signet, or for the genesis block.
 * @param chain such as `bitcoin-signet`
 * @throws as `checkSignetBlock`; UnknownNetworkError
 */
export function checkBlockSignature(chain: string, rawBlock: Uint8Array): BlockSignature {
  const { rules, genesisHash } = bitcoinNetwork(chain);
  if (rules.signetChallenge.length === 0) return 'not-signet';
  if (bytesEqual(sha256d(rawBlock.subarray(0, 80)), genesisHash)) return 'genesis';
  checkSignetBlock(rawBlock, rules.signetChallenge);
  return 'valid';
}

/**
 * The two virtual transactions of BIP325: `toSpend` pays to the challenge and commits to the block without its
 * solution, `toSign` spends it by the solution (Bitcoin Core `SignetTxs::Create`).
 * @throws SignetSolutionError if the block has no witness commitment, or a solution that does not parse
 */
export function signetTransactions(
  block: ParsedBlock,
  challenge: Uint8Array,
): { toSpend: Transaction; toSign: Transaction } {
  const coinbase = block.transactions[0]?.transaction.clone();
  const output = coinbase?.outs[commitmentIndex(coinbase.outs)];
  if (coinbase === undefined || output === undefined)
    throw new SignetSolutionError('has no witness commitment');

  const { script, solution } = takeSolution(output.script);
  output.script = script;
  for (const input of coinbase.ins) input.witness = [];
  const txids = [sha256d(coinbase.toBuffer()), ...block.transactions.slice(1).map(({ txid }) => txid)];
  const merkleRoot = merkleRows(txids).at(-1)?.[0] ?? ZERO32;

  const { header } = block;
  const message = concatBytes(header.subarray(0, 36), merkleRoot, header.subarray(68, 72));
  const toSpend = new Transaction();
  toSpend.version = 0;
  toSpend.addInput(ZERO32.slice(), NULL_OUTPUT, 0, concatBytes(Uint8Array.of(0), push(message)));
  toSpend.addOutput(challenge, 0n);

  const { scriptSig, witness } =
    solution === undefined ? { scriptSig: NOTHING, witness: [] } : parse(solution);
  const toSign = new Transaction();
  toSign.version = 0;
  toSign.addInput(sha256d(toSpend.toBuffer()), 0, 0, scriptSig);
  toSign.setWitness(0, witness);
  toSign.addOutput(OP_RETURN, 0n);
  return { toSpend, toSign };
}

/**
 * Takes the solution out of a commitment script: its push keeps the four bytes it begins with (Bitcoin Core
 * `FetchAndClearCommitmentSection`). Without one, the script stays and there is no solution: `OP_TRUE` asks for none.
 */
function takeSolution(commitment: Uint8Array): { script: Uint8Array; solution: Uint8Array | undefined } {
  let solution: Uint8Array | undefined;
  const parts = readOpsUntilCut(commitment).ops.map(({ code, data }) => {
    if (data.length === 0) return Uint8Array.of(code);
    const size = SIGNET_HEADER.length;
    const found =
      solution === undefined && data.length > size && bytesEqual(data.subarray(0, size), SIGNET_HEADER);
    if (found) solution = data.slice(size);
    return push(found ? SIGNET_HEADER : data);
  });
  return solution === undefined
    ? { script: commitment, solution }
    : { script: concatBytes(...parts), solution };
}

/** A solution: script and witness stack, nothing after them. */
function parse(solution: Uint8Array): { scriptSig: Uint8Array; witness: Uint8Array[] } {
  try {
    const reader = new ByteReader(solution);
    const scriptSig = reader.sized();
    const witness: Uint8Array[] = [];
    for (let left = reader.compactSize(); left > 0; left--) witness.push(reader.sized());
    if (reader.left > 0) throw new SignetSolutionError(`is followed by ${reader.left} bytes`);
    return { scriptSig, witness };
  } catch (error) {
    if (!(error instanceof CrossrootError) || error instanceof SignetSolutionError) throw error;
    throw new SignetSolutionError('does not parse', error);
  }
}
