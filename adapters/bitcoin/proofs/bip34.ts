import { bitcoinNetworks } from '../rules/networks.js';
import { ByteReader } from './reader.js';

const OP_1 = 0x51;
const OP_16 = 0x60;

/**
 * The height that a block's coinbase begins with, if its version and its chain's rules make it begin so (BIP34): below the
 * activation it could be anything.
 * @param header raw
 * @param script of the coinbase's input
 */
export function bip34Height(chain: string, header: Uint8Array, script: Uint8Array): number | undefined {
  const rules = bitcoinNetworks.find(({ name }) => name === chain)?.rules;
  const version = new DataView(header.buffer, header.byteOffset).getInt32(0, true);
  const height = firstNumber(script);
  if (rules === undefined || height === undefined || version < 2) return undefined;
  return height >= rules.bip34Height ? height : undefined;
}

/** The number that a script pushes first, in its shortest form (Bitcoin Core `CScriptNum`); `undefined` for none or a negative one. */
function firstNumber(script: Uint8Array): number | undefined {
  const opcode = script[0] ?? 0;
  if (opcode >= OP_1 && opcode <= OP_16) return opcode - OP_1 + 1;
  if (opcode < 1 || opcode > 5 || script.length <= opcode) return undefined;
  const bytes = new ByteReader(script.subarray(1)).take(opcode);
  const top = bytes[opcode - 1] ?? 0;
  if (top >= 0x80 || (top === 0 && (opcode === 1 || (bytes[opcode - 2] ?? 0) < 0x80))) return undefined;
  const number = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
  // The numbers up to 16 have opcodes of their own.
  return number > 16 ? number : undefined;
}
