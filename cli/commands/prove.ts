import {
  type PayloadBuilder,
  type PayloadParameters,
  ProofKindError,
  parametersQuery,
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
import {
  type BlockFlags,
  blockOf,
  checkQuestion,
  type PartFlags,
  questionOf,
  subjectOf,
} from './question.js';

export interface ProveFlags extends PartFlags, BlockFlags {
  readonly json: boolean;
  readonly chain?: string;
  readonly tx?: readonly string[];
  readonly reorg?: number;
  /** A proof's own format, or one of the chain's `branchFormats` or `stateFormats`. */
  readonly format: string;
  readonly api: string;
  readonly output?: string;
  readonly offline?: string;
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

async function fetchProof(flags: ProveFlags): Promise<Uint8Array> {
  const { chain, tx, format } = flags;
  if (chain === undefined) throw new UsageError('--chain is needed (or --offline bitcoin)');
  findNetwork(chain);
  const query = new URLSearchParams({ format });
  if (flags.fromTerm !== undefined) query.set('from_term', String(flags.fromTerm));
  if (flags.reorg !== undefined)
    return getFromApi(flags.api, `/v1/chains/${chain}/reorgs/${flags.reorg}/proof?${query}`);
  const isState = stateFormats(chain).includes(format);
  if (isState || subjectOf(chain, flags.kind) === 'block')
    return fetchBlockProof(chain, flags, isState, query);
  const [first, ...also] = tx ?? [];
  const many = flags.kind === 'txs' || format === 'txoutproof';
  if (first === undefined || (also.length > 0 && !many)) throw new UsageError('one --tx is needed');
  // HASH:receipt and HASH:log:N, among several.
  const [subject = first, part] = split(first);
  const path = `/v1/chains/${chain}/txs/${encodeURIComponent(subject)}`;
  if (!proofFormats.includes(format)) {
    const wanted = new URLSearchParams({ format });
    if (also.length > 0) wanted.set('also', also.join(','));
    return ended(await getFromApi(flags.api, `${path}/merkle?${wanted}`));
  }
  const question = questionOf(flags, also, { part });
  checkQuestion(chain, question);
  query.set('kind', flags.kind);
  return getFromApi(flags.api, `${path}/proof?${joined(query, question.parameters)}`);
}

/** About a block: from the API's own path for them. */
async function fetchBlockProof(
  chain: string,
  flags: ProveFlags,
  isState: boolean,
  query: URLSearchParams,
): Promise<Uint8Array> {
  if (flags.tx !== undefined)
    throw new UsageError(`--kind ${flags.kind} is about a block: --tx does not go with it`);
  const implied = flags.slot === undefined ? 'account' : 'storage';
  if (isState && !['tx', implied].includes(flags.kind))
    throw new UsageError(`--format ${flags.format} is of --kind account or, with --slot, storage`);
  const kind = isState ? implied : flags.kind;
  const { block, fromBlock } = blockOf(kind, flags);
  const question = questionOf({ ...flags, kind }, [], { fromBlock });
  checkQuestion(chain, question);
  if (kind !== 'logs' && kind !== 'count' && kind !== 'withdrawal' && flags.address === undefined)
    throw new UsageError(`--kind ${kind} needs --address`);
  const path = `/v1/chains/${chain}/blocks/${encodeURIComponent(block)}`;
  if (isState)
    return ended(await getFromApi(flags.api, `${path}/state?${joined(query, question.parameters)}`));
  query.set('kind', kind);
  return getFromApi(flags.api, `${path}/proof?${joined(query, question.parameters)}`);
}

function joined(query: URLSearchParams, parameters: PayloadParameters): URLSearchParams {
  return new URLSearchParams([...query, ...parametersQuery(parameters)]);
}

function split(text: string): [string, string | undefined] {
  const at = text.indexOf(':');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function stateFormats(chain: string): readonly string[] {
  return payloadBuilders.of(chain, findNetwork(chain).kind.code).stateFormats ?? [];
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
