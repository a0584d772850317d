import { type BRANCH_FORMATS, partOfInclusion } from '../../adapters/bitcoin/payloadBuilder.js';
import { decodeBranch, type MerkleBranch } from '../../adapters/bitcoin/proofs/branch.js';
import { importInclusion } from '../../adapters/bitcoin/proofs/import.js';
import { readUnanchoredHeader } from '../../adapters/bitcoin/proofs/inclusion.js';
import { decodeMerkleBlock, type MerkleBlock } from '../../adapters/bitcoin/proofs/partialMerkleTree.js';
import type { STATE_FORMATS } from '../../adapters/ethereum/blockPayloads.js';
import { findNetwork, formatContext } from '../../adapters/registry.js';
import { utf8 } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import type { Proof } from '../../proofs/format/proof.js';
import { UsageError } from '../errors.js';
import { readBytes, writeResult } from '../files.js';
import { addNetworkFiles } from '../networks.js';
import { print } from '../output.js';
import { addSignets } from '../signets.js';
import { bytesOf, hexOrBytes } from './importBytes.js';
import { importState } from './importState.js';
import { checkQuestion, type PartFlags, questionOf } from './question.js';

type BranchFormat = (typeof BRANCH_FORMATS)[number];

export interface ImportFlags extends PartFlags {
  readonly json: boolean;
  readonly format: BranchFormat | (typeof STATE_FORMATS)[number];
  readonly chain: string;
  readonly header?: string;
  readonly raw?: readonly string[];
  readonly as: ProofFormat;
  readonly output?: string;
  readonly signetChallenge?: readonly string[];
  readonly networkFile?: readonly string[];
}

/**
 * Makes a proof without an anchor of proofs in the forms of other programs.
 * @throws UsageError, FileError, MalformedInputError where they do not hold or nothing proves the coinbase, ProofKindError
 */
export async function importCommand(files: readonly string[], flags: ImportFlags): Promise<void> {
  addSignets(flags.signetChallenge);
  await addNetworkFiles(flags.networkFile);
  const proof =
    flags.format === 'eip1186'
      ? await importState(files, flags)
      : await importBranches(files, flags, flags.format);
  const bytes = encodeProof(proof, flags.as, formatContext);
  await writeResult(flags.output, bytes);
  if (flags.output !== undefined) {
    print(flags.json, { file: flags.output, bytes: bytes.length, format: flags.as }, [
      `wrote ${flags.output} (${bytes.length} bytes)`,
    ]);
  }
}

async function importBranches(
  files: readonly string[],
  flags: ImportFlags,
  format: BranchFormat,
): Promise<Proof> {
  const { chain, kind } = flags;
  if (findNetwork(chain).kind.code !== ChainKindCode.bitcoin)
    throw new UsageError(`--format ${format} is of Bitcoin, not of ${chain}`);
  if (flags.raw === undefined) throw new UsageError(`--format ${format} needs --raw`);
  const question = questionOf(flags, []);
  checkQuestion(chain, question);
  if (kind === 'witness')
    throw new UsageError(`--kind witness: ${flags.format} holds nothing of the tree of witnesses`);
  const proofs: (MerkleBlock | MerkleBranch)[] = [];
  for (const file of files) proofs.push(read(await readBytes(file), format));
  const header = await headerOf(flags, proofs);
  readUnanchoredHeader(chain, header);
  const raws: Uint8Array[] = [];
  for (const text of flags.raw) raws.push(await bytesOf(text, '--raw'));
  const inclusion = importInclusion(header, raws, proofs);
  const about = { chain: utf8(chain), header };
  if (kind === 'tx') return { kind: ProofKind.bitcoinInclusion, ...about, payload: inclusion };
  const { kind: payloadKind, payload } = partOfInclusion(chain, question, inclusion);
  return { kind: ProofKind.unanchored, ...about, payloadKind, payload };
}

function read(bytes: Uint8Array, format: BranchFormat): MerkleBlock | MerkleBranch {
  if (format === 'txoutproof') return decodeMerkleBlock(hexOrBytes(bytes));
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new MalformedInputError('Merkle branch', 'is not text', error);
  }
  return decodeBranch(text, format);
}

async function headerOf(
  { header, format }: ImportFlags,
  proofs: readonly (MerkleBlock | MerkleBranch)[],
): Promise<Uint8Array> {
  const own = proofs.flatMap((proof) => ('header' in proof ? [proof.header] : [])).at(0);
  if (header === undefined) {
    if (own === undefined)
      throw new UsageError(`--format ${format} needs --header: it does not hold the block's header`);
    return own;
  }
  const given = await bytesOf(header, '--header');
  if (given.length !== 80) throw new MalformedInputError('--header', `has ${given.length} bytes, not 80`);
  return given;
}
