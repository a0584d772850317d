import { readBlock } from '../../adapters/bitcoin/blocks/readBlock.js';
import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { bip34Height } from '../../adapters/bitcoin/proofs/bip34.js';
import type { BlockProver } from '../../adapters/bitcoin/proofs/build.js';
import { parseStripped } from '../../adapters/bitcoin/proofs/transaction.js';
import { displayHash, workProblem } from '../../adapters/bitcoin/rules/checks.js';
import { bitsAt, HEADER_BYTES } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { type Bip54Warning, bip54BlockWarnings } from '../../adapters/bitcoin/rules/warnings.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { RefusedError, UsageError } from '../errors.js';
import { readBytes } from '../files.js';
import { print } from '../output.js';
import { addSignet } from '../signets.js';

export interface BlockFlags {
  readonly json: boolean;
  readonly chain: string;
  readonly height?: number;
  readonly signetChallenge?: string;
  readonly warn?: string;
}

/**
 * Checks a raw block by all that it can show of itself: proof of work, Merkle root, witness commitment, on a signet its
 * signature (BIP325), and the height where its coinbase tells it (BIP34). Networks of one limit of work cannot be told apart by
 * one block. Opens no socket.
 * @throws RefusedError naming what is wrong; UsageError; FileError; ChallengeNotSupportedError
 */
export async function blockVerifyCommand(file: string, flags: BlockFlags): Promise<void> {
  if (flags.signetChallenge !== undefined) addSignet(flags.chain, flags.signetChallenge);
  const known = bitcoinKind.networks.map((network) => network.name);
  if (!known.includes(flags.chain))
    throw new UsageError(`--chain ${flags.chain}: one of ${known.join(', ')} is needed`);
  const { rules, genesisHash } = bitcoinNetwork(flags.chain);
  const raw = await readBytes(file);
  const hash = sha256d(raw.subarray(0, HEADER_BYTES));
  const block = readWhole(flags.chain, raw, hash);
  const problem = workProblem(rules, bitsAt(block.header), hash);
  if (problem !== undefined) throw refused(`high-hash: ${problem}`, hash);

  const coinbase = parseStripped(block.stripped(0) ?? new Uint8Array(0));
  const [input] = coinbase.inputs;
  const own = bytesEqual(hash, genesisHash)
    ? 0
    : input && bip34Height(flags.chain, block.header, input.script);
  if (flags.height !== undefined && own !== undefined && flags.height !== own)
    throw refused(`bad-cb-height: the block says that it is at height ${own}, not ${flags.height}`, hash);
  const height = flags.height ?? own;
  const signature =
    rules.signetChallenge.length === 0 ? 'not-signet' : bytesEqual(hash, genesisHash) ? 'genesis' : 'valid';
  let warnings: Bip54Warning[] | undefined;
  if (flags.warn !== undefined) {
    if (height === undefined)
      throw new UsageError('--height is needed for --warn: the coinbase of this block does not tell it');
    warnings = bip54BlockWarnings({
      height,
      coinbase: { lockTime: coinbase.lockTime, sequence: input?.sequence ?? 0 },
      strippedSizes: block.txids.map((_, i) => block.stripped(i)?.length ?? 0),
    });
  }
  const count = block.txids.length;
  const answer = { hash: displayHash(hash), height: height ?? null, transactions: count, size: raw.length };
  const told = warnings === undefined ? {} : { warnings, warningCount: warnings.length };
  print(flags.json, { ...answer, signature, ...told }, [
    `✓ block ${answer.hash} by the rules of ${flags.chain}${height === undefined ? '' : `, height ${height}`}`,
    `${count} transactions, ${raw.length} bytes`,
    ...(signature === 'valid' ? ['signed as its signet asks'] : []),
    ...(warnings ?? []).map(({ rule, message }) => `⚠ ${rule}: ${message}`),
  ]);
}

function readWhole(chain: string, raw: Uint8Array, hash: Uint8Array): BlockProver {
  try {
    return readBlock(chain, raw, hash);
  } catch (error) {
    if (error instanceof MalformedInputError) throw refused(error.message, hash);
    throw error;
  }
}

function refused(message: string, hash: Uint8Array): RefusedError {
  return new RefusedError(message, { error: { hash: displayHash(hash), message } });
}
