import { toBase58Check, toBech32 } from 'bitcoinjs-lib/src/address';
import { toBareHex } from '../../../proofs/bytes.js';
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

/** Forms of output script, named as Bitcoin Core's `TxoutType`. */
export type ScriptType =
  | 'pubkey'
  | 'pubkeyhash'
  | 'scripthash'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'witness_unknown'
  | 'nulldata'
  | 'nonstandard';

export interface OutputDescription {
  readonly type: ScriptType;
  /** Absent where the script has none. */
  readonly address?: string;
}

const OP_RETURN = 0x6a;

/** Type and address of an output script, as that network's users write it (BIP13, BIP173, BIP350). */
export function describeScript(script: Uint8Array, format: AddressFormat): OutputDescription {
  const shape = toBareHex(script.subarray(0, 3));
  const end = toBareHex(script.subarray(-2));
  if (script.length === 25 && shape === '76a914' && end === '88ac') {
    return { type: 'pubkeyhash', address: toBase58Check(script.slice(3, 23), format.publicKeyHash) };
  }
  if (script.length === 23 && shape.startsWith('a914') && script[22] === 0x87) {
    return { type: 'scripthash', address: toBase58Check(script.slice(2, 22), format.scriptHash) };
  }
  const witness = witnessProgram(script);
  if (witness !== undefined) return describeWitness(witness.version, witness.program, format);
  if (isPublicKey(script)) return { type: 'pubkey' };
  return { type: script[0] === OP_RETURN ? 'nulldata' : 'nonstandard' };
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

/** BIP141: a version opcode and one push of 2 to 40 bytes. */
function witnessProgram(script: Uint8Array): { version: number; program: Uint8Array } | undefined {
  const opcode = script[0] ?? 0xff;
  if (script.length < 4 || script.length > 42 || script[1] !== script.length - 2) return undefined;
  if (opcode !== 0 && (opcode < 0x51 || opcode > 0x60)) return undefined;
  return { version: opcode === 0 ? 0 : opcode - 0x50, program: script.slice(2) };
}

function describeWitness(version: number, program: Uint8Array, format: AddressFormat): OutputDescription {
  if (version === 0 && program.length !== 20 && program.length !== 32) return { type: 'nonstandard' };
  const address = toBech32(program, version, format.bech32);
  if (version === 0) {
    return { type: program.length === 20 ? 'witness_v0_keyhash' : 'witness_v0_scripthash', address };
  }
  return { type: version === 1 && program.length === 32 ? 'witness_v1_taproot' : 'witness_unknown', address };
}

function isPublicKey(script: Uint8Array): boolean {
  const length = script[0];
  return (
    (length === 33 || length === 65) && script.length === length + 2 && script[script.length - 1] === 0xac
  );
}
