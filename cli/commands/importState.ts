import { readState } from '../../adapters/ethereum/blockPayloads.js';
import { readEthereumHeader, readRpcResult } from '../../adapters/ethereum/proofs/index.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import { findNetwork } from '../../adapters/registry.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual, fromHex, utf8 } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import type { UnanchoredProof } from '../../proofs/format/proof.js';
import { UsageError } from '../errors.js';
import { readBytes } from '../files.js';
import type { ImportFlags } from './import.js';
import { bytesOf } from './importBytes.js';

/**
 * A proof without an anchor of what `eth_getProof` answered (EIP-1186), once all that it says is what its nodes show.
 * @throws UsageError, FileError, MalformedInputError, Eip1186Error naming the field that is wrong
 */
export async function importState(files: readonly string[], flags: ImportFlags): Promise<UnanchoredProof> {
  const { chain } = flags;
  if (findNetwork(chain).kind.code !== ChainKindCode.ethereum)
    throw new UsageError(`--format ${flags.format} is of Ethereum, not of ${chain}`);
  const [file, second] = files;
  if (file === undefined || second !== undefined)
    throw new UsageError(`--format ${flags.format} takes one file`);
  if (flags.raw !== undefined) throw new UsageError(`--raw does not go with --format ${flags.format}`);
  if (flags.header === undefined)
    throw new UsageError(`--format ${flags.format} needs --header: it does not say of which block it is`);
  const { kind } = flags;
  // `tx` is what the option says where nobody gave it.
  if (kind !== 'tx' && kind !== 'account' && kind !== 'storage')
    throw new UsageError(`--kind ${kind}: an answer of eth_getProof proves account and storage`);
  const header = await headerOf(flags.header);
  const text = textOf(await readBytes(file));
  const { kind: payloadKind, payload } = readState(header, text, kind === 'tx' ? undefined : kind);
  return { kind: ProofKind.unanchored, chain: utf8(chain), header: header.raw, payloadKind, payload };
}

/** Hex or a file of hex, raw bytes, or the JSON that a node answers for the block. */
async function headerOf(text: string): Promise<ForeignHeader> {
  if (!text.startsWith('@')) return readEthereumHeader(fromHex(text, '--header'));
  const bytes = await readBytes(text.slice(1));
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d);
  if (first !== 0x7b) return readEthereumHeader(await bytesOf(text, '--header'));
  const block = readRpcResult(textOf(bytes), '--header');
  const header = readEthereumHeader(encodeHeaderJson(block));
  const { hash } = block;
  if (typeof hash !== 'string' || !bytesEqual(fromHex(hash, 'block hash', 32), header.hash))
    throw new MalformedInputError('--header', 'says another block hash than its fields give');
  return header;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new MalformedInputError('the file', 'is not text', error);
  }
}
