import { fromHex, toHex } from '../../proofs/bytes.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import type { ChainKind } from '../types.js';
import { syncCommitteeFinality } from './committee.js';
import { foreignEthereumHeader, splitEthereumHeaders } from './rules/header.js';
import { ethereumNetworks } from './rules/networks.js';
import { validateEthereumHeader } from './rules/validate.js';

/** Ethereum, its test networks, and local development nodes. */
export const ethereumKind: ChainKind = {
  code: ChainKindCode.ethereum,
  name: 'ethereum',
  rulesVersion: 1,
  networks: ethereumNetworks,
  split: splitEthereumHeaders,
  decode: foreignEthereumHeader,
  work: () => 0n,
  validate: validateEthereumHeader,
  committee: syncCommitteeFinality,
  displayHash: toHex,
  parseHash(text) {
    if (!text.startsWith('0x'))
      throw new MalformedInputError('Ethereum hash', `does not begin with 0x: ${text.slice(0, 80)}`);
    return fromHex(text, 'Ethereum hash', 32);
  },
};
