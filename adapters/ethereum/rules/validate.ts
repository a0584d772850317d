import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { HeaderRuleError, HeaderTooEarlyError, UnknownNetworkError } from '../../errors.js';
import type { Ancestors, ForeignHeader } from '../../types.js';
import { decodeEthereumHeader, type EthereumHeader } from './header.js';
import { ethereumNetworks } from './networks.js';

/** Seconds that a block's time may be ahead of the clock (go-ethereum `allowedFutureBlockTime`). */
const MAX_FUTURE_SECONDS = 15;

/**
 * What an attested chain's headers are checked for: the link to the parent and what a header alone shows. That they are
 * canonical is what the delegates attest. Names of rules: go-ethereum `consensus/errors.go`, `consensus/beacon`.
 * @param now Unix seconds
 * @throws HeaderRuleError, HeaderTooEarlyError (retryable)
 */
export function validateEthereumHeader(
  network: string,
  header: ForeignHeader,
  ancestors: Ancestors,
  now: number,
): void {
  const known = ethereumNetworks.find((one) => one.name === network);
  if (known === undefined)
    throw new UnknownNetworkError(
      network,
      ethereumNetworks.map((one) => one.name),
    );
  const fail = (rule: string, message: string): never => {
    throw new HeaderRuleError(rule, header.height, toHex(header.hash), message);
  };
  const own = decodeEthereumHeader(header.raw);
  if (own.gasUsed > own.gasLimit)
    fail('invalid-gas-used', `gas used ${own.gasUsed} is above the limit ${own.gasLimit}`);
  if (own.gasLimit >= 2n ** 63n) fail('invalid-gas-limit', 'gas limit is out of range');
  const parent = ancestors.header(header.height - 1);
  if (parent !== undefined) checkParent(own, header, parent, fail);
  if (known.checksClock && header.time > now + MAX_FUTURE_SECONDS) {
    throw new HeaderTooEarlyError(
      'future-block',
      header.height,
      toHex(header.hash),
      `time ${header.time} is more than ${MAX_FUTURE_SECONDS} s after ${now}`,
    );
  }
}

function checkParent(
  own: EthereumHeader,
  header: ForeignHeader,
  parent: ForeignHeader,
  fail: (rule: string, message: string) => never,
): void {
  if (!bytesEqual(header.parentHash, parent.hash)) {
    fail('unknown-ancestor', `parent hash is ${toHex(header.parentHash)}, expected ${toHex(parent.hash)}`);
  }
  const before = decodeEthereumHeader(parent.raw);
  if (own.number !== before.number + 1n)
    fail('invalid-number', `number ${own.number} does not follow ${before.number}`);
  if (own.timestamp <= before.timestamp)
    fail('older-block-time', `time ${own.timestamp} is not after the parent's ${before.timestamp}`);
  // EIP-1559: a fork doubles the elasticity once; otherwise the limit moves by less than a 1024th of the parent's.
  const isLondon = own.baseFeePerGas !== undefined && before.baseFeePerGas === undefined;
  const base = isLondon ? before.gasLimit * 2n : before.gasLimit;
  const distance = own.gasLimit > base ? own.gasLimit - base : base - own.gasLimit;
  if (own.gasLimit < 5000n || (distance >= base / 1024n && distance !== 0n)) {
    fail('invalid-gas-limit', `gas limit ${own.gasLimit} is too far from the parent's ${base}`);
  }
}
