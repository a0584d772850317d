import { address as addressCodec, opcodes, script as scriptCodec } from 'bitcoinjs-lib';
import type { ScriptType } from '../../adapters/bitcoin/proofs/output.js';
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

/** Witness version and program, if the script is nothing else (BIP 141). */
export function witnessProgram(
  script: Uint8Array,
): { readonly version: number; readonly program: Uint8Array } | undefined {
  const first = script[0];
  if (first === undefined || script.length < 4 || script.length > 42 || script[1] !== script.length - 2)
    return undefined;
  const version = first === 0 ? 0 : first - 0x50;
  if (version < 0 || version > 16) return undefined;
  return { version, program: script.subarray(2) };
}

/** Names a script as Bitcoin Core's `Solver` does; bare multisig counts as `nonstandard` here. */
export function scriptType(script: Uint8Array): ScriptType {
  const n = script.length;
  if (
    n === 25 &&
    script[0] === 0x76 &&
    script[1] === 0xa9 &&
    script[2] === 20 &&
    script[23] === 0x88 &&
    script[24] === 0xac
  )
    return 'pubkeyhash';
  if (n === 23 && script[0] === 0xa9 && script[1] === 20 && script[22] === 0x87) return 'scripthash';
  const witness = witnessProgram(script);
  if (witness !== undefined) {
    if (witness.version === 0) {
      if (witness.program.length === 20) return 'witness_v0_keyhash';
      return witness.program.length === 32 ? 'witness_v0_scripthash' : 'nonstandard';
    }
    return witness.version === 1 && witness.program.length === 32 ? 'witness_v1_taproot' : 'witness_unknown';
  }
  if (script[0] === opcodes.OP_RETURN) return 'nulldata';
  if ((n === 35 || n === 67) && script[0] === n - 2 && script[n - 1] === 0xac) return 'pubkey';
  return 'nonstandard';
}

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
