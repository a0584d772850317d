import { bytesEqual, isZero, toHex } from '../../../proofs/bytes.js';
import { HeaderRuleError, HeaderTooEarlyError } from '../../errors.js';
import type { Ancestors, ForeignHeader } from '../../types.js';
import { nextBaseFee } from './baseFee.js';
import { EMPTY_OMMERS_HASH } from './constants.js';
import { decodeEthereumHeader, type EthereumHeader } from './header.js';
import { ethereumNetwork, headerFieldsAt } from './networks.js';

/** Seconds that a block's time may be ahead of the clock (go-ethereum `consensus/ethash`, `allowedFutureBlockTimeSeconds`). */
const MAX_FUTURE_SECONDS = 15;
/** go-ethereum `params/protocol_params.go` */
const MAX_EXTRA_DATA_BYTES = 32;
const MIN_GAS_LIMIT = 5000n;
const MAX_GAS_LIMIT = 2n ** 63n - 1n;
const GAS_LIMIT_BOUND_DIVISOR = 1024n;

type Refuse = (rule: string, message: string) => never;

/**
 * What the headers of an attested chain are checked for: the link to the parent, and everything that a header shows by
 * itself and its parent. Proof of work and the sync committee are not checked: that a header is canonical is what the
 * delegates attest.
 *
 * Every network: parent hash, number, later time, gas used within the limit, the fields of the fork that is active where
 * its forks are known. Public networks also: extra data of at most 32 bytes, gas limit and base fee that follow from the parent, since the
 * merge no difficulty, nonce or ommers, and the clock. A development node sets its gas limit, base fee and clock at
 * will. Names of rules: go-ethereum `consensus/errors.go`, `consensus/beacon`, `consensus/misc`.
 * @param now Unix seconds
 * @throws HeaderRuleError, HeaderTooEarlyError (retryable), UnknownNetworkError
 */
export function validateEthereumHeader(
  networkName: string,
  header: ForeignHeader,
  ancestors: Ancestors,
  now: number,
): void {
  const network = ethereumNetwork(networkName);
  const refuse: Refuse = (rule, message) => {
    throw new HeaderRuleError(rule, header.height, toHex(header.hash), message);
  };
  const parent = linkedParent(header, ancestors, refuse);
  const own = decodeEthereumHeader(header.raw);
  const before = parent === undefined ? undefined : decodeEthereumHeader(parent.raw);
  if (own.gasUsed > own.gasLimit)
    refuse('invalid-gas-used', `gas used ${own.gasUsed} is above the limit ${own.gasLimit}`);
  if (own.gasLimit > MAX_GAS_LIMIT) refuse('invalid-gas-limit', 'gas limit is out of range');
  if (before !== undefined) {
    if (own.number !== before.number + 1n)
      refuse('invalid-number', `number ${own.number} does not follow ${before.number}`);
    // anvil gives the blocks of a made reorganisation one time.
    if (own.timestamp < before.timestamp || (network.checksTime && own.timestamp === before.timestamp))
      refuse('older-block-time', `time ${own.timestamp} is not after the parent's ${before.timestamp}`);
    if (own.fields < before.fields)
      refuse('invalid-header-fields', `has ${own.fields} fields, fewer than its parent's ${before.fields}`);
  }
  const fields = headerFieldsAt(network, header.height, header.time);
  if (fields !== undefined && fields !== own.fields)
    refuse('invalid-header-fields', `has ${own.fields} fields, the fork of its time has ${fields}`);
  if (network.rules === 'ethereum') checkPublic(own, before, refuse);
  if (network.checksTime && header.time > now + MAX_FUTURE_SECONDS) {
    throw new HeaderTooEarlyError(
      'future-block',
      header.height,
      toHex(header.hash),
      `time ${header.time} is more than ${MAX_FUTURE_SECONDS} s after ${now}`,
    );
  }
}

/** The parent if it is known; right above the checkpoint only its hash has to be. */
function linkedParent(
  header: ForeignHeader,
  ancestors: Ancestors,
  refuse: Refuse,
): ForeignHeader | undefined {
  const { checkpoint } = ancestors;
  const parent = header.height > checkpoint.height ? ancestors.header(header.height - 1) : undefined;
  const expected = parent?.hash ?? (header.height === checkpoint.height + 1 ? checkpoint.hash : undefined);
  if (expected === undefined) return refuse('unknown-ancestor', 'parent is not known');
  if (!bytesEqual(header.parentHash, expected))
    refuse('unknown-ancestor', `parent hash is ${toHex(header.parentHash)}, expected ${toHex(expected)}`);
  return parent;
}

function checkPublic(own: EthereumHeader, before: EthereumHeader | undefined, refuse: Refuse): void {
  if (own.extraData.length > MAX_EXTRA_DATA_BYTES)
    refuse('invalid-extra-data', `extra data has ${own.extraData.length} bytes`);
  if (own.difficulty === 0n) {
    if (!isZero(own.nonce)) refuse('invalid-nonce', 'nonce is not zero after the merge');
    if (!bytesEqual(own.ommersHash, EMPTY_OMMERS_HASH))
      refuse('invalid-uncle-hash', 'there are ommers after the merge');
  }
  if (before === undefined) return;
  if (before.difficulty === 0n && own.difficulty !== 0n)
    refuse('invalid-difficulty', `difficulty is ${own.difficulty} after the merge`);
  // EIP-1559: the limit doubles once, at the fork; otherwise it moves by less than a 1024th of the parent's.
  const isLondon = own.baseFeePerGas !== undefined && before.baseFeePerGas === undefined;
  const base = isLondon ? before.gasLimit * 2n : before.gasLimit;
  const distance = own.gasLimit > base ? own.gasLimit - base : base - own.gasLimit;
  if (own.gasLimit < MIN_GAS_LIMIT || distance >= base / GAS_LIMIT_BOUND_DIVISOR)
    refuse('invalid-gas-limit', `gas limit ${own.gasLimit} is too far from the parent's ${base}`);
  if (own.baseFeePerGas !== undefined) {
    const expected = nextBaseFee(before);
    if (own.baseFeePerGas !== expected)
      refuse('invalid-base-fee', `base fee is ${own.baseFeePerGas}, expected ${expected}`);
  }
}
