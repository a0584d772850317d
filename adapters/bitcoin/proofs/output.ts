import { toBase58Check, toBech32 } from 'bitcoinjs-lib/src/address';
import { type ScriptType, scriptType, witnessProgram } from './solver.js';
import type { TransactionOutput } from './transaction.js';

/** How a network writes addresses: Bitcoin Core `src/kernel/chainparams.cpp`, `base58Prefixes` and `bech32_hrp`. */
export interface AddressFormat {
  readonly publicKeyHash: number;
  readonly scriptHash: number;
  readonly bech32: string;
}

const mainnet: AddressFormat = { publicKeyHash: 0, scriptHash: 5, bech32: 'bc' };
const testnet: AddressFormat = { publicKeyHash: 111, scriptHash: 196, bech32: 'tb' };

const formats: Readonly<Record<string, AddressFormat>> = {
  'bitcoin-mainnet': mainnet,
  'bitcoin-testnet3': testnet,
  'bitcoin-testnet4': testnet,
  'bitcoin-signet': testnet,
  'bitcoin-regtest': { ...testnet, bech32: 'bcrt' },
};

/** `undefined` for a chain that is no known Bitcoin network. */
export function addressFormat(chainName: string): AddressFormat | undefined {
  // Custom signets write addresses as the default one does (BIP325).
  if (chainName.startsWith('bitcoin-signet-')) return testnet;
  return Object.hasOwn(formats, chainName) ? formats[chainName] : undefined;
}

export interface OutputDescription {
  readonly type: ScriptType;
  /** Absent where the script has none. */
  readonly address?: string;
}

/** Type and address of an output script, as that network's users write it (BIP13, BIP173, BIP350). */
export function describeScript(script: Uint8Array, format: AddressFormat): OutputDescription {
  const type = scriptType(script);
  if (type === 'pubkeyhash')
    return { type, address: toBase58Check(script.slice(3, 23), format.publicKeyHash) };
  if (type === 'scripthash') return { type, address: toBase58Check(script.slice(2, 22), format.scriptHash) };
  const witness = type === 'nonstandard' ? undefined : witnessProgram(script);
  if (witness === undefined) return { type };
  return { type, address: toBech32(witness.program.slice(), witness.version, format.bech32) };
}

/** Satoshi as BTC, without needless zeros: `0.5`. */
export function formatBtc(satoshi: bigint): string {
  const text = satoshi.toString().padStart(9, '0');
  return `${text.slice(0, -8)}.${text.slice(-8)}`.replace(/\.?0+$/, '');
}

/** Where an output goes, in words: its address, or what its script is. */
export function destination(output: TransactionOutput, format: AddressFormat): string {
  const { address, type } = describeScript(output.script, format);
  return address ?? (type === 'nulldata' ? 'data' : `a ${type} script`);
}
