import {
  type PayloadBuilder,
  type PayloadParameters,
  type PayloadQuestion,
  ProofKindError,
} from '../../adapters/payloadBuilder.js';
import { chainKinds, findNetwork, formatContext, payloadBuilders } from '../../adapters/registry.js';
import type { ForeignBlock } from '../../adapters/source.js';
import { concatBytes, utf8 } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import { getFromApi } from '../api.js';
import { UsageError } from '../errors.js';
import { readBytes, writeResult } from '../files.js';
import { addNetworkFiles } from '../networks.js';
import { print } from '../output.js';
import { addSignets } from '../signets.js';

/** Options that say which part of a transaction is meant. */
export interface PartFlags {
  readonly kind: string;
  readonly log?: number;
  readonly outputIndex?: number;
  readonly address?: string;
  readonly input?: number;
  readonly outpoint?: string;
}

export interface ProveFlags extends PartFlags {
  readonly json: boolean;
  readonly chain?: string;
  readonly tx?: readonly string[];
  readonly reorg?: number;
  /** A proof's own format, or one of the chain's `branchFormats`. */
  readonly format: string;
  readonly api: string;
  readonly output?: string;
  readonly offline?: string;
  readonly block?: string;
  readonly height?: number;
  readonly fromTerm?: number;
  readonly signetChallenge?: readonly string[];
  readonly networkFile?: readonly string[];
}

const proofFormats: readonly string[] = ['json', 'ssz'] satisfies ProofFormat[];

/**
 * Fetches a proof or a Merkle branch from the API, or makes one from a block file.
 * @throws UsageError, ApiError, ProofKindError, MalformedInputError, FileError
 */
export async function proveCommand(flags: ProveFlags): Promise<void> {
  addSignets(flags.signetChallenge);
  await addNetworkFiles(flags.networkFile);
  const bytes = flags.offline === undefined ? await fetchProof(flags) : await offlineProof(flags);
  await writeResult(flags.output, bytes);
  if (flags.output !== undefined) {
    print(flags.json, { file: flags.output, bytes: bytes.length, format: flags.format }, [
      `wrote ${flags.output} (${bytes.length} bytes)`,
    ]);
  }
}

/** The question that the options ask. @param also further transactions */
export function questionOf(flags: PartFlags, also: readonly string[]): PayloadQuestion {
  const { log, outputIndex: output, address, input, outpoint } = flags;
  const parameters: PayloadParameters = {
    log,
    also: also.length === 0 ? undefined : also,
    output,
    address,
    input,
    outpoint,
  };
  return { aspect: flags.kind, parameters };
}

/** @throws UsageError for a question that the chain does not answer */
export function checkQuestion(chain: string, question: PayloadQuestion): void {
  const { parameters, aspect } = question;
  if ((aspect === 'log') !== (parameters.log !== undefined))
    throw new UsageError('--log goes with --kind log, and only with it');
  try {
    payloadBuilders.check(chain, findNetwork(chain).kind.code, question);
  } catch (error) {
    if (error instanceof ProofKindError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

async function fetchProof(flags: ProveFlags): Promise<Uint8Array> {
  const { chain, tx, format } = flags;
  if (chain === undefined) throw new UsageError('--chain is needed (or --offline bitcoin)');
  findNetwork(chain);
  const query = new URLSearchParams({ format });
  if (flags.fromTerm !== undefined) query.set('from_term', String(flags.fromTerm));
  if (flags.reorg !== undefined)
    return getFromApi(flags.api, `/v1/chains/${chain}/reorgs/${flags.reorg}/proof?${query}`);
  const [subject, ...also] = tx ?? [];
  const many = flags.kind === 'txs' || format === 'txoutproof';
  if (subject === undefined || (also.length > 0 && !many)) throw new UsageError('one --tx is needed');
  const path = `/v1/chains/${chain}/txs/${encodeURIComponent(subject)}`;
  if (!proofFormats.includes(format)) {
    const wanted = new URLSearchParams({ format });
    if (also.length > 0) wanted.set('also', also.join(','));
    return ended(await getFromApi(flags.api, `${path}/merkle?${wanted}`));
  }
  const question = questionOf(flags, also);
  checkQuestion(chain, question);
  query.set('kind', flags.kind);
  for (const [name, value] of Object.entries(question.parameters)) {
    if (value !== undefined) query.set(name, String(value));
  }
  return getFromApi(flags.api, `${path}/proof?${query}`);
}

async function offlineProof(flags: ProveFlags): Promise<Uint8Array> {
  const { offline, tx, kind, format } = flags;
  const [subject, ...also] = tx ?? [];
  if (flags.block === undefined || tx === undefined || subject === undefined)
    throw new UsageError(`--offline ${offline} needs --block and --tx`);
  const chain = flags.chain ?? 'bitcoin-mainnet';
  const chainKind = chainKinds.find((one) => one.name === offline);
  if (chainKind === undefined || !chainKind.networks.some((network) => network.name === chain))
    throw new UsageError(`--chain ${chain} is no network of ${offline}`);
  const builder = payloadBuilders.of(chain, chainKind.code);
  if (builder.readBlock === undefined)
    throw new UsageError(`--offline ${offline}: its blocks do not prove themselves`);
  const bytes = await readBytes(flags.block);
  const block = builder.readBlock(bytes);
  const index = placeOf(block, chainKind.parseHash(subject), subject);
  if (!proofFormats.includes(format)) {
    const header = { ...block.header, height: heightOf(flags, builder, chain, block) };
    const request = { format, block: { ...block, header }, index, also };
    return ended(utf8(payloadBuilders.branch(chain, chainKind.code, request).text));
  }
  // Several transactions without an anchor have their own older form.
  const aspect = kind === 'tx' ? 'txs' : kind;
  if (also.length > 0 && aspect !== 'txs') throw new UsageError(`--kind ${kind} is of one --tx`);
  const question = { ...questionOf(flags, also), aspect };
  checkQuestion(chain, question);
  const built = payloadBuilders.build(chainKind.code, { ...question, chain, block, index });
  const about = { chain: utf8(chain), header: block.header.raw, payload: built.payload };
  const proof =
    kind === 'tx'
      ? ({ kind: ProofKind.bitcoinInclusion, ...about } as const)
      : ({ kind: ProofKind.unanchored, payloadKind: built.kind, ...about } as const);
  return encodeProof(proof, format as ProofFormat, formatContext);
}

function placeOf(block: ForeignBlock, hash: Uint8Array, text: string): number {
  const wanted = Buffer.from(hash);
  const index = block.transactionHashes.findIndex((one) => wanted.equals(one));
  if (index < 0) throw new ProofKindError(`transaction ${text} is not in the block`);
  return index;
}

/** Only the forms of index servers say a height: from the block itself where its chain's rules put it there. */
function heightOf(flags: ProveFlags, builder: PayloadBuilder, chain: string, block: ForeignBlock): number {
  const own = builder.heightIn?.(chain, block);
  if (flags.height !== undefined && own !== undefined && flags.height !== own)
    throw new UsageError(`--height ${flags.height}: the block says that it is at ${own}`);
  const height = flags.height ?? own;
  if (height === undefined && flags.format !== 'txoutproof')
    throw new UsageError(`--format ${flags.format} needs --height: the block itself does not say it`);
  return height ?? 0;
}

/** Text files end with a line feed. */
function ended(text: Uint8Array): Uint8Array {
  return concatBytes(text, Uint8Array.of(0x0a));
}
