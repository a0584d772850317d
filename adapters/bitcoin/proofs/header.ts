import { CrossrootError } from '../../../proofs/errors/base.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { workProblem } from '../rules/checks.js';
import { bitsAt, foreignHeader } from '../rules/header.js';
import { bitcoinNetworks } from '../rules/networks.js';

/**
 * Reads a header that nothing vouches for: only its own proof of work is checked.
 * @param chain such as `bitcoin-mainnet`
 * @param raw 80 bytes
 * @returns block hash and Merkle root, internal byte order
 * @throws ProofError `unknown-chain`, `malformed`, `block-mismatch` for a hash above its target
 */
export function readTrustlessHeader(
  chain: string,
  raw: Uint8Array,
): { readonly hash: Uint8Array; readonly transactionsRoot: Uint8Array } {
  const network = bitcoinNetworks.find((one) => one.name === chain);
  if (network === undefined) throw new ProofError('unknown-chain', `no Bitcoin network is called ${chain}`);
  const { hash, transactionsRoot } = decode(raw);
  const problem = workProblem(network.rules, bitsAt(raw), hash);
  if (problem !== undefined)
    throw new ProofError('block-mismatch', `header without proof of work: ${problem}`);
  return { hash, transactionsRoot };
}

function decode(raw: Uint8Array): ReturnType<typeof foreignHeader> {
  try {
    return foreignHeader(raw, 0);
  } catch (error) {
    if (error instanceof CrossrootError) throw new ProofError('malformed', error.message, error);
    throw error;
  }
}
