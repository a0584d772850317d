import { fromHex, reversed } from '../../proofs/bytes.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import type { ChainKind } from '../types.js';
import { displayHash } from './rules/checks.js';
import { bitsAt, foreignHeader, splitHeaders } from './rules/header.js';
import { bitcoinNetworks } from './rules/networks.js';
import { workOfBits } from './rules/target.js';
import { validateHeader } from './rules/validate.js';

/** Bitcoin and its test networks. */
export const bitcoinKind: ChainKind = {
  code: ChainKindCode.bitcoin,
  name: 'bitcoin',
  rulesVersion: 1,
  networks: bitcoinNetworks,
  split: splitHeaders,
  decode: foreignHeader,
  work: (header) => workOfBits(bitsAt(header.raw)),
  validate: validateHeader,
  displayHash,
  parseHash: parseBitcoinHash,
};

/** A hash as Bitcoin users write it: 64 hex digits without prefix. @throws MalformedInputError */
export function parseBitcoinHash(text: string): Uint8Array {
  if (text.length !== 64)
    throw new MalformedInputError('Bitcoin hash', `is not 64 hex digits: ${text.slice(0, 80)}`);
  return reversed(fromHex(text, 'Bitcoin hash', 32));
}
