import { concatBytes, fromHex } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { bitcoinNetwork } from './networks.js';

/** Bitcoin Core `src/kernel/chainparams.cpp`: `pchMessageStart` and `nDefaultPort`. */
const known: Readonly<Record<string, { readonly magic: string; readonly port: number }>> = {
  'bitcoin-mainnet': { magic: 'f9beb4d9', port: 8333 },
  'bitcoin-testnet3': { magic: '0b110907', port: 18333 },
  'bitcoin-testnet4': { magic: '1c163f28', port: 48333 },
  'bitcoin-signet': { magic: '0a03cf40', port: 38333 },
  'bitcoin-regtest': { magic: 'fabfb5da', port: 18444 },
};
const SIGNET_PORT = 38333;

/**
 * First four bytes of a signet's P2P messages: those of the double SHA-256 of the challenge with its length before it
 * (BIP325 "Message Start"; Bitcoin Core `SigNetParams`).
 */
export function signetMagic(challenge: Uint8Array): Uint8Array {
  const { length } = challenge;
  const size =
    length < 0xfd
      ? Uint8Array.of(length)
      : length <= 0xffff
        ? Uint8Array.of(0xfd, length & 0xff, length >> 8)
        : Uint8Array.of(0xfe, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, length >>> 24);
  return sha256d(concatBytes(size, challenge)).slice(0, 4);
}

/** First four bytes of the network's P2P messages. @throws UnknownNetworkError */
export function networkMagic(name: string): Uint8Array {
  const { rules } = bitcoinNetwork(name);
  const magic = Object.hasOwn(known, name) ? known[name]?.magic : undefined;
  return magic === undefined ? signetMagic(rules.signetChallenge) : fromHex(magic, 'network magic', 4);
}

/** Port that the network's nodes listen on by default; a custom signet's is the default signet's. @throws UnknownNetworkError */
export function defaultPort(name: string): number {
  bitcoinNetwork(name);
  return (Object.hasOwn(known, name) ? known[name]?.port : undefined) ?? SIGNET_PORT;
}
