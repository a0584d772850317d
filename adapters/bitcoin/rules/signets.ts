import { fromHex } from '../../../proofs/bytes.js';
import { NetworkDefinitionError } from './errors.js';
import { addNetwork, type BitcoinNetwork, bitcoinNetwork } from './networks.js';
import { NetworkParametersType } from './parameters.js';

/** Longest block challenge: no script element is longer (Bitcoin Core `MAX_SCRIPT_ELEMENT_SIZE`), bytes. */
export const MAX_CHALLENGE = 520;
const NAME = /^bitcoin-signet-[a-z0-9-]{1,40}$/;

/** Whether `name` may be a custom signet's. */
export function isCustomSignetName(name: string): boolean {
  return NAME.test(name);
}

/**
 * A signet of one's own (BIP325; Bitcoin Core `-signetchallenge`, `SigNetParams`): all values but the challenge are the
 * default signet's, the genesis block too.
 * @param name `bitcoin-signet-` and 1 to 40 of a–z, 0–9 and `-`
 * @param challengeHex block challenge script, 1 to 520 bytes, with or without `0x`
 * @throws NetworkDefinitionError, MalformedInputError unless hex
 */
export function customSignet(name: string, challengeHex: string): BitcoinNetwork {
  if (!isCustomSignetName(name))
    throw new NetworkDefinitionError(
      name,
      'a custom signet is called bitcoin-signet- and 1 to 40 of a-z, 0-9, -',
    );
  const signetChallenge = fromHex(challengeHex, 'signet challenge');
  if (signetChallenge.length === 0 || signetChallenge.length > MAX_CHALLENGE) {
    throw new NetworkDefinitionError(
      name,
      `its challenge has ${signetChallenge.length} bytes, not 1 to ${MAX_CHALLENGE}`,
    );
  }
  const signet = bitcoinNetwork('bitcoin-signet');
  const rules = { ...signet.rules, signetChallenge };
  return { ...signet, name, rules, parameters: NetworkParametersType.serialize(rules) };
}

/**
 * Makes a custom signet known to this process; adding the same one again does nothing.
 * @throws as `customSignet`; NetworkDefinitionError for another challenge under a known name
 */
export function addCustomSignet(name: string, challengeHex: string): BitcoinNetwork {
  return addNetwork(customSignet(name, challengeHex));
}
