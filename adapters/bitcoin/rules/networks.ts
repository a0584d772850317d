import { bytesEqual, fromHex, reversed } from '../../../proofs/bytes.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import { UnknownNetworkError } from '../../errors.js';
import type { NetworkInfo } from '../../types.js';
import { NetworkDefinitionError } from './errors.js';
import { genesisHashes, genesisHeaders } from './genesis.js';
import { type NetworkParameters, NetworkParametersType } from './parameters.js';

/** A Bitcoin network: what the rest of the code needs, and its rules as data. */
export interface BitcoinNetwork extends NetworkInfo {
  readonly rules: NetworkParameters;
  readonly genesisHeader: Uint8Array;
}

/** Headers of the best branch that the main chain keeps: two retarget periods. */
export const WINDOW = 4032;

const TWO_WEEKS = 14 * 24 * 60 * 60;
const NO_CHALLENGE = new Uint8Array(0);
/** Challenge of the public default signet (BIP325). */
const SIGNET_CHALLENGE =
  '512103ad5e0edad18cb1f0fc0d28a3d4f1f3e445640337489abb10404f2d1e086be430210359ef5021964fe22d6f8e05b2463c9540ce96883fe3b278760f048f5189f2e6c452ae';

const common = {
  powLimitBits: 0x1d00ffff,
  targetSpacing: 600,
  targetTimespan: TWO_WEEKS,
  retargets: true,
  minDifficulty: false,
  bip94: false,
  bip34Height: 1,
  bip66Height: 1,
  bip65Height: 1,
  signetChallenge: NO_CHALLENGE,
} satisfies NetworkParameters;

function network(id: keyof typeof genesisHashes, differences: Partial<NetworkParameters>): BitcoinNetwork {
  const rules: NetworkParameters = { ...common, ...differences };
  return {
    name: `bitcoin-${id}`,
    rules,
    parameters: NetworkParametersType.serialize(rules),
    genesisHash: reversed(fromHex(genesisHashes[id], 'genesis hash', 32)),
    genesisHeader: genesisHeaders[id],
    window: WINDOW,
    assurance: Assurance.work,
  };
}

const all: BitcoinNetwork[] = [
  network('mainnet', { bip34Height: 227931, bip66Height: 363725, bip65Height: 388381 }),
  network('testnet3', {
    minDifficulty: true,
    bip34Height: 21111,
    bip66Height: 330776,
    bip65Height: 581885,
  }),
  network('testnet4', { minDifficulty: true, bip94: true }),
  network('signet', {
    powLimitBits: 0x1e0377ae,
    signetChallenge: fromHex(SIGNET_CHALLENGE, 'signet challenge'),
  }),
  network('regtest', {
    powLimitBits: 0x207fffff,
    targetTimespan: 24 * 60 * 60,
    retargets: false,
    minDifficulty: true,
  }),
];

const byName = new Map(all.map((one) => [one.name, one]));

/**
 * Every network this process knows: the five public ones and what `addNetwork` added. Values: Bitcoin Core
 * `src/kernel/chainparams.cpp`; BIP34, BIP65, BIP66, BIP94, BIP325.
 */
export const bitcoinNetworks: readonly BitcoinNetwork[] = all;

/** No more networks than this are kept, so that data from outside cannot fill the memory. */
const MAX_NETWORKS = 64;

/**
 * Makes a network known to this process under its name, as `customSignet` makes them. Adding the same one again does nothing.
 * @returns the network that is known
 * @throws NetworkDefinitionError if the name stands for other rules, or too many are known
 */
export function addNetwork(added: BitcoinNetwork): BitcoinNetwork {
  const known = byName.get(added.name);
  if (known !== undefined) {
    if (bytesEqual(known.parameters, added.parameters) && bytesEqual(known.genesisHash, added.genesisHash))
      return known;
    throw new NetworkDefinitionError(added.name, 'is known already, with other rules');
  }
  if (all.length >= MAX_NETWORKS)
    throw new NetworkDefinitionError(added.name, `more than ${MAX_NETWORKS} networks`);
  all.push(added);
  byName.set(added.name, added);
  return added;
}

/** @throws UnknownNetworkError */
export function bitcoinNetwork(name: string): BitcoinNetwork {
  const found = byName.get(name);
  if (found === undefined) throw new UnknownNetworkError(name, [...byName.keys()]);
  return found;
}
