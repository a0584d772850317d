import { bytesEqual, fromHex } from '../../../proofs/bytes.js';
import { UnknownNetworkError } from '../../errors.js';
import { defaultPort, networkMagic } from '../rules/magic.js';
import { isCustomSignetName } from '../rules/signets.js';

/** What a network's P2P protocol needs to know of it. */
export interface P2pNetwork {
  /** First four bytes of each message. */
  readonly magic: Uint8Array;
  readonly defaultPort: number;
  /** Names that resolve to nodes. */
  readonly seeds: readonly string[];
}

/** Bitcoin Core `src/kernel/chainparams.cpp`: `pchMessageStart`, `nDefaultPort`, `vSeeds`. */
const networks: Readonly<Record<string, P2pNetwork>> = {
  'bitcoin-mainnet': one('f9beb4d9', 8333, [
    'seed.bitcoin.sipa.be',
    'dnsseed.bluematt.me',
    'seed.bitcoin.jonasschnelli.ch',
    'seed.btc.petertodd.net',
    'seed.bitcoin.sprovoost.nl',
    'dnsseed.emzy.de',
    'seed.bitcoin.wiz.biz',
  ]),
  'bitcoin-testnet3': one('0b110907', 18333, [
    'testnet-seed.bitcoin.jonasschnelli.ch',
    'seed.tbtc.petertodd.net',
    'seed.testnet.bitcoin.sprovoost.nl',
    'testnet-seed.bluematt.me',
  ]),
  'bitcoin-testnet4': one('1c163f28', 48333, ['seed.testnet4.bitcoin.sprovoost.nl', 'seed.testnet4.wiz.biz']),
  'bitcoin-signet': one('0a03cf40', 38333, ['seed.signet.bitcoin.sprovoost.nl']),
  'bitcoin-regtest': one('fabfb5da', 18444, []),
};

function one(magic: string, defaultPort: number, seeds: readonly string[]): P2pNetwork {
  return { magic: fromHex(magic, 'network magic', 4), defaultPort, seeds };
}

/** A custom signet (BIP325) has its own magic, the default signet's port and no seeds. @throws UnknownNetworkError */
export function p2pNetwork(chain: string): P2pNetwork {
  if (isCustomSignetName(chain))
    return { magic: networkMagic(chain), defaultPort: defaultPort(chain), seeds: [] };
  const found = Object.hasOwn(networks, chain) ? networks[chain] : undefined;
  if (found === undefined) throw new UnknownNetworkError(chain, Object.keys(networks));
  return found;
}

/** Name of the network whose messages begin with `magic`, if it is a known one. */
export function networkOfMagic(magic: Uint8Array): string | undefined {
  return Object.entries(networks).find(([, network]) => bytesEqual(network.magic, magic))?.[0];
}
