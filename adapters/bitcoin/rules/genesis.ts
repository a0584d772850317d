import { fromHex, reversed, ZERO32 } from '../../../proofs/bytes.js';
import { encodeHeader } from './header.js';

/** Merkle root of the genesis block of mainnet, testnet3, signet and regtest, display order. */
const FIRST_COINBASE = '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b';
/** Testnet4 has a coinbase of its own (BIP94), display order. */
const TESTNET4_COINBASE = '7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e';

function genesis(time: number, bits: number, nonce: number, coinbase = FIRST_COINBASE): Uint8Array {
  return encodeHeader({
    version: 1,
    parentHash: ZERO32,
    merkleRoot: reversed(fromHex(coinbase, 'Merkle root', 32)),
    time,
    bits,
    nonce,
  });
}

/** Raw genesis headers: Bitcoin Core `src/kernel/chainparams.cpp`, `CreateGenesisBlock`. */
export const genesisHeaders = {
  mainnet: genesis(1231006505, 0x1d00ffff, 2083236893),
  testnet3: genesis(1296688602, 0x1d00ffff, 414098458),
  testnet4: genesis(1714777860, 0x1d00ffff, 393743547, TESTNET4_COINBASE),
  signet: genesis(1598918400, 0x1e0377ae, 52613770),
  regtest: genesis(1296688602, 0x207fffff, 2),
} as const;

/** Their block hashes, display order; the tests recompute them. */
export const genesisHashes = {
  mainnet: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  testnet3: '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
  testnet4: '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
  signet: '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6',
  regtest: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
} as const;
