import { ProofKind } from '../../../proofs/containers/proof.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { PayloadVerifier } from '../../../proofs/verify/payload.js';
import type { ForeignHeader } from '../../types.js';
import { workProblem } from '../rules/checks.js';
import { bitsAt, foreignHeader } from '../rules/header.js';
import { bitcoinNetworks } from '../rules/networks.js';
import { inclusionFromJson, inclusionToJson } from './json.js';
import { transactionClaim } from './verifier.js';
import { verifyBitcoinInclusion } from './verify.js';

/** Payload of `bitcoin-inclusion`: a `BitcoinInclusion` of one or more transactions of a block that no main chain vouches for. */
export const bitcoinInclusionVerifier = verifier(ProofKind.bitcoinInclusion, 'bitcoin-inclusion');

/** Payload of `bitcoin-transactions`: a `BitcoinInclusion` of one or more transactions of a block under the main chain. */
export const bitcoinTransactionsVerifier = verifier(ProofKind.bitcoinTransactions, 'bitcoin-transactions');

function verifier(kind: PayloadVerifier['kind'], name: string): PayloadVerifier {
  return {
    kind,
    name,
    chainKind: ChainKindCode.bitcoin,
    verify(payload, leaf, chainName) {
      const claims = verifyBitcoinInclusion(payload, leaf.transactionsRoot).map((one) =>
        transactionClaim(one, chainName),
      );
      const [only] = claims;
      if (claims.length === 1 && only !== undefined) return only;
      return {
        summary: `${claims.length} transactions`,
        facts: { transactions: claims.map((claim) => claim.facts) },
      };
    },
    toJson: inclusionToJson,
    fromJson: inclusionFromJson,
  };
}

/**
 * A raw header without context: its proof of work holds against its own bits, within the network's limit.
 * @throws ProofError `malformed`, `unknown-chain`, `block-mismatch`
 */
export function readUnanchoredHeader(
  chain: string,
  raw: Uint8Array,
): { readonly hash: Uint8Array; readonly transactionsRoot: Uint8Array } {
  const network = bitcoinNetworks.find((one) => one.name === chain);
  if (network === undefined) throw new ProofError('unknown-chain', `no Bitcoin network is called ${chain}`);
  const header = decode(raw);
  const problem = workProblem(network.rules, bitsAt(raw), header.hash);
  if (problem !== undefined) {
    throw new ProofError('block-mismatch', `the block's header has no proof of work: ${problem}`);
  }
  return header;
}

function decode(raw: Uint8Array): ForeignHeader {
  try {
    return foreignHeader(raw, 0);
  } catch (error) {
    if (error instanceof MalformedInputError) throw new ProofError('malformed', error.message, error);
    throw error;
  }
}
