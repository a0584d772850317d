import { address as addressCodec, script as scriptCodec } from 'bitcoinjs-lib';
import { scriptType, witnessProgram } from '../../adapters/bitcoin/proofs/solver.js';
import { MalformedInputError } from '../../proofs/errors/input.js';

/** What tells one network's addresses from another's. */
export interface AddressFormat {
  /** BIP 173 human-readable part. */
  readonly bech32: string;
  readonly pubKeyHash: number;
  readonly scriptHash: number;
}

export const REGTEST_ADDRESSES: AddressFormat = { bech32: 'bcrt', pubKeyHash: 0x6f, scriptHash: 0xc4 };
export const MAIN_ADDRESSES: AddressFormat = { bech32: 'bc', pubKeyHash: 0x00, scriptHash: 0x05 };

/** The one byte of a script that anyone can spend. */
export const OP_TRUE = 0x51;

/** The address that pays to `script`, where there is one. */
export function addressOf(script: Uint8Array, format: AddressFormat): string | undefined {
  switch (scriptType(script)) {
    case 'pubkeyhash':
      return addressCodec.toBase58Check(script.slice(3, 23), format.pubKeyHash);
    case 'scripthash':
      return addressCodec.toBase58Check(script.slice(2, 22), format.scriptHash);
    case 'witness_v0_keyhash':
    case 'witness_v0_scripthash':
    case 'witness_v1_taproot':
    case 'anchor':
    case 'witness_unknown': {
      const witness = witnessProgram(script);
      if (witness === undefined) return undefined;
      return addressCodec.toBech32(witness.program.slice(), witness.version, format.bech32);
    }
    default:
      return undefined;
  }
}

/**
 * The script that an address stands for.
 * @throws MalformedInputError if it is not an address of this network.
 */
export function scriptOf(address: string, format: AddressFormat): Uint8Array {
  const script = bech32Script(address, format) ?? base58Script(address, format);
  if (script === undefined)
    throw new MalformedInputError('address', `is not valid on this network: ${address.slice(0, 100)}`);
  return script;
}

function bech32Script(address: string, format: AddressFormat): Uint8Array | undefined {
  const decoded = attempt(() => addressCodec.fromBech32(address));
  if (decoded === undefined || decoded.prefix !== format.bech32) return undefined;
  const { version, data } = decoded;
  if (version > 16 || data.length < 2 || data.length > 40) return undefined;
  if (version === 0 && data.length !== 20 && data.length !== 32) return undefined;
  return scriptBytes(version === 0 ? 0 : 0x50 + version, data.length, data);
}

function base58Script(address: string, format: AddressFormat): Uint8Array | undefined {
  const decoded = attempt(() => addressCodec.fromBase58Check(address));
  if (decoded === undefined || decoded.hash.length !== 20) return undefined;
  if (decoded.version === format.pubKeyHash) return scriptBytes(0x76, 0xa9, 20, decoded.hash, 0x88, 0xac);
  if (decoded.version === format.scriptHash) return scriptBytes(0xa9, 20, decoded.hash, 0x87);
  return undefined;
}

function scriptBytes(...parts: (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])));
}

/** The codec throws on text of another encoding; that only means "not this encoding". */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}

/** Opcodes and pushes in words; hex where the script does not parse. */
export function scriptAsm(script: Uint8Array): string {
  const chunks = scriptCodec.decompile(script);
  return chunks === null ? '[error]' : scriptCodec.toASM(chunks);
}

/** The push of a block's height that begins its coinbase script (BIP 34). */
export function heightPush(height: number): Uint8Array {
  return scriptCodec.compile([scriptCodec.number.encode(height)]);
}
