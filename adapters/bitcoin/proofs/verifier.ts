import { ProofKind } from '../../../proofs/containers/proof.js';
import { ChainKindCode } from '../../../proofs/containers/spec.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { Json, PayloadClaim, PayloadVerifier } from '../../../proofs/verify/payload.js';
import { displayHash } from '../rules/checks.js';
import { inclusionFromJson, inclusionToJson } from './json.js';
import { type AddressFormat, addressFormat, describeScript, destination, formatBtc } from './output.js';
import { type ProvenTransaction, verifyBitcoinInclusion } from './verify.js';

/** Outputs that a summary names one by one. */
const NAMED_OUTPUTS = 3;

/** Payload of `bitcoin-transaction`: a `BitcoinInclusion` of exactly one transaction. */
export const bitcoinTransactionVerifier: PayloadVerifier = {
  kind: ProofKind.bitcoinTransaction,
  name: 'bitcoin-transaction',
  chainKind: ChainKindCode.bitcoin,
  verify(payload, leaf, chainName) {
    const [proven, second] = verifyBitcoinInclusion(payload, leaf.transactionsRoot);
    if (proven === undefined || second !== undefined) {
      throw new ProofError('malformed', 'a transaction proof has exactly one transaction');
    }
    return transactionClaim(proven, chainName);
  },
  toJson: inclusionToJson,
  fromJson: inclusionFromJson,
};

/**
 * What a proven transaction says, for people and programs: txid, index, size, outputs with address and amount.
 * @throws ProofError `unknown-chain` where addresses of that chain are not known
 */
export function transactionClaim(proven: ProvenTransaction, chainName: string): PayloadClaim {
  const format = addressFormat(chainName);
  if (format === undefined)
    throw new ProofError('unknown-chain', `no Bitcoin network is called ${chainName}`);
  const { index, txid, raw, transaction } = proven;
  const outputs = transaction.outputs.map((output, n): Json => {
    const { type, address } = describeScript(output.script, format);
    return { index: n, amount: output.value.toString(), type, ...(address === undefined ? {} : { address }) };
  });
  return {
    summary: `transaction ${displayHash(txid)}: ${paymentsInWords(proven, format)}`,
    facts: { txid: displayHash(txid), index, size: raw.length, outputs },
  };
}

function paymentsInWords({ transaction }: ProvenTransaction, format: AddressFormat): string {
  const payments = transaction.outputs.filter((output) => output.value > 0n);
  if (payments.length === 0) return 'no payment';
  const named = payments
    .slice(0, NAMED_OUTPUTS)
    .map((output) => `${formatBtc(output.value)} BTC to ${destination(output, format)}`);
  const more = payments.length - named.length;
  return `payment of ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
