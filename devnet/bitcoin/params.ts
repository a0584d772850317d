import { genesisHeaders } from '../../adapters/bitcoin/rules/genesis.js';
import { concatBytes, fromHex } from '../../proofs/bytes.js';

/** Network data of regtest: `CRegTestParams` in Bitcoin Core's `src/kernel/chainparams.cpp`. */

/** The only `nBits` there is: the target is never changed (`fPowNoRetargeting`). */
export const REGTEST_BITS = 0x207fffff;
/** Blocks between halvings of the subsidy. */
export const HALVING_INTERVAL = 150;
/** Confirmations before a coinbase output may be spent (`consensus/consensus.h`). */
export const COINBASE_MATURITY = 100;
/** `MAX_BLOCK_WEIGHT` (BIP 141). */
export const MAX_BLOCK_WEIGHT = 4_000_000;
/** `MAX_MONEY`, in satoshi. */
export const MAX_MONEY = 2_100_000_000_000_000n;
/** How far a block's time may be ahead of the clock, in seconds (`MAX_FUTURE_BLOCK_TIME`). */
export const MAX_FUTURE_SECONDS = 7200;
/** Lowest block version: BIP 34, 65 and 66 are active from the first block. */
export const MIN_BLOCK_VERSION = 4;
/** Version of our own blocks: BIP 9 with no bit set. */
export const MINED_VERSION = 0x20000000;
const GENESIS_COINBASE =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000';

/** The raw genesis block. */
export const REGTEST_GENESIS: Uint8Array = concatBytes(
  genesisHeaders.regtest,
  Uint8Array.of(1),
  fromHex(GENESIS_COINBASE, 'genesis coinbase'),
);

/** New satoshi that the coinbase of block `height` may create (`GetBlockSubsidy`). */
export function subsidy(height: number): bigint {
  const halvings = BigInt(Math.floor(height / HALVING_INTERVAL));
  return halvings >= 64n ? 0n : 5_000_000_000n >> halvings;
}
