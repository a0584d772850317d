import { bytesEqual } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { BlockProver, MAX_BLOCK_BYTES } from '../proofs/build.js';
import { displayHash } from '../rules/checks.js';
import { HEADER_BYTES } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { SignetSolutionError } from './errors.js';
import { checkBlockSignature } from './signet.js';

/**
 * Reads a whole block that a source delivered for `hash`, and checks all that the block itself can show: its hash, its
 * Merkle root, that no other list of transactions has the same root (CVE-2012-2459), its witness commitment (BIP141), and a
 * signet's signature (BIP325).
 * @param chain such as `bitcoin-mainnet`
 * @param hash internal byte order
 * @throws MalformedInputError naming what is wrong; LimitExceededError; UnknownNetworkError;
 *   ChallengeNotSupportedError where a signet's challenge is of a form that cannot be evaluated
 */
export function readBlock(chain: string, rawBlock: Uint8Array, hash: Uint8Array): BlockProver {
  bitcoinNetwork(chain);
  if (rawBlock.length > MAX_BLOCK_BYTES)
    throw new LimitExceededError('Bitcoin block', rawBlock.length, MAX_BLOCK_BYTES);
  if (rawBlock.length < HEADER_BYTES)
    throw new MalformedInputError('Bitcoin block', `has ${rawBlock.length} bytes, fewer than a header`);
  const found = sha256d(rawBlock.subarray(0, HEADER_BYTES));
  if (!bytesEqual(found, hash)) {
    throw new MalformedInputError('Bitcoin block', `is ${displayHash(found)}, not ${displayHash(hash)}`);
  }
  const block = new BlockProver(rawBlock);
  const problem = block.witnessProblem();
  if (problem !== undefined) throw new MalformedInputError('Bitcoin block', problem);
  try {
    checkBlockSignature(chain, rawBlock);
  } catch (error) {
    if (!(error instanceof SignetSolutionError)) throw error;
    throw new MalformedInputError(
      'Bitcoin block',
      `is not signed as its signet asks: ${error.message}`,
      error,
    );
  }
  return block;
}
