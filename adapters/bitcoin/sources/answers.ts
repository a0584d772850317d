import { bytesEqual, fromHex } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import type { ForeignBlock } from '../../source.js';
import { SourceAnswers } from '../../sourceAnswers.js';
import type { ForeignHeader } from '../../types.js';
import { readBlock } from '../blocks/readBlock.js';
import { parseBitcoinHash } from '../kind.js';
import { displayHash } from '../rules/checks.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork, bitcoinNetworks } from '../rules/networks.js';

/** Genesis blocks of chains that speak Bitcoin Core's protocols, to tell a user what his node is. Display order. */
const OTHER_CHAINS: Readonly<Record<string, string>> = {
  '12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2': 'litecoin-mainnet',
  '4966625a4b2851d9fdee139e56211a0d88575f59ed816ff5e6a63deb4e3e29a0': 'litecoin-testnet',
  '530827f38f93b43ed12af0b3ad25a288dc02ed74d6d7857862df51fc56c416f9': 'litecoin-regtest',
};

/** Checks the shapes of a Bitcoin source's answers. */
export class Answers extends SourceAnswers {
  /** Hex of at least one byte. */
  hex(value: unknown, what: string): Uint8Array {
    if (typeof value !== 'string' || !/^[0-9a-fA-F]+$/.test(value) || value.length % 2 !== 0)
      throw this.fault(`${what} gave no hex`);
    return fromHex(value, what);
  }

  /** From display order into internal order. */
  hash(value: unknown, what: string): Uint8Array {
    if (typeof value !== 'string' || !/^[0-9a-fA-F]{64}$/.test(value))
      throw this.fault(`${what} gave no hash`);
    return parseBitcoinHash(value);
  }

  height(value: unknown, what: string): number {
    return this.number(value, what, 0x7fffffff, 'height');
  }

  number(value: unknown, what: string, most: number, kind = 'number'): number {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > most)
      throw this.fault(`${what} gave no ${kind}`);
    return value;
  }

  header(raw: Uint8Array, height: number, what: string): ForeignHeader {
    try {
      return foreignHeader(raw, height);
    } catch (error) {
      if (error instanceof MalformedInputError)
        throw this.fault(`${what} gave a bad header: ${error.message}`);
      throw error;
    }
  }

  /** A block that was asked for by its hash (internal byte order). @param heightOf asked once the block holds */
  async block(
    chain: string,
    rawBlock: Uint8Array,
    hash: Uint8Array,
    heightOf: (hash: Uint8Array) => Promise<number>,
  ): Promise<ForeignBlock> {
    try {
      const { header, txids } = readBlock(chain, rawBlock, hash);
      return { header: foreignHeader(header, await heightOf(hash)), transactionHashes: txids, rawBlock };
    } catch (error) {
      if (!(error instanceof MalformedInputError || error instanceof LimitExceededError)) throw error;
      throw this.fault(`gave a bad block ${displayHash(hash)}: ${error.message}`);
    }
  }

  /** Compares a block's hash (internal byte order) with the one that the network has there. */
  sameNetwork(
    chain: string,
    actual: Uint8Array,
    expected: { readonly height: number; readonly hash: Uint8Array },
  ): void {
    if (bytesEqual(actual, expected.hash)) return;
    const other = expected.height === 0 ? networkOf(actual) : undefined;
    const which = other === undefined ? '' : `: that is ${other}`;
    throw this.fault(`is not on ${chain}: its block ${expected.height} is another${which}`, {
      expected: displayHash(expected.hash),
      actual: displayHash(actual),
    });
  }
}

/** Genesis of a chain as a place to compare. @throws UnknownNetworkError */
export function genesisOf(chain: string): { readonly height: number; readonly hash: Uint8Array } {
  return { height: 0, hash: bitcoinNetwork(chain).genesisHash };
}

function networkOf(genesis: Uint8Array): string | undefined {
  const known = bitcoinNetworks.find(({ genesisHash }) => bytesEqual(genesisHash, genesis));
  return known?.name ?? OTHER_CHAINS[displayHash(genesis)];
}
