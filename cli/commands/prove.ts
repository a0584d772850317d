import { bitcoinKind } from '../../adapters/bitcoin/kind.js';
import { buildBitcoinInclusion } from '../../adapters/bitcoin/proofs/build.js';
import { findNetwork, formatContext } from '../../adapters/registry.js';
import { utf8 } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { encodeProof, type ProofFormat } from '../../proofs/format/file.js';
import { getFromApi } from '../api.js';
import { UsageError } from '../errors.js';
import { readBytes, writeResult } from '../files.js';
import { print } from '../output.js';

export interface ProveFlags {
  readonly json: boolean;
  readonly chain?: string;
  readonly tx?: readonly string[];
  readonly kind: 'tx' | 'receipt' | 'log';
  readonly log?: number;
  readonly reorg?: number;
  readonly format: ProofFormat;
  readonly api: string;
  readonly output?: string;
  readonly offline?: 'bitcoin';
  readonly block?: string;
  readonly fromTerm?: number;
}

/** Fetches a proof from the API, or builds one from a block file. @throws UsageError, ApiError, MalformedInputError, FileError */
export async function proveCommand(flags: ProveFlags): Promise<void> {
  const bytes = flags.offline === undefined ? await fetchProof(flags) : await offlineProof(flags);
  await writeResult(flags.output, bytes);
  if (flags.output !== undefined) {
    print(flags.json, { file: flags.output, bytes: bytes.length, format: flags.format }, [
      `wrote ${flags.output} (${bytes.length} bytes)`,
    ]);
  }
}

async function fetchProof(flags: ProveFlags): Promise<Uint8Array> {
  const { chain, tx } = flags;
  if (chain === undefined) throw new UsageError('--chain is needed (or --offline bitcoin)');
  findNetwork(chain);
  const query = new URLSearchParams({ format: flags.format });
  if (flags.fromTerm !== undefined) query.set('from_term', String(flags.fromTerm));
  if (flags.reorg !== undefined)
    return getFromApi(flags.api, `/v1/chains/${chain}/reorgs/${flags.reorg}/proof?${query}`);
  if (tx?.length !== 1) throw new UsageError('one --tx is needed');
  if ((flags.kind === 'log') !== (flags.log !== undefined))
    throw new UsageError('--log goes with --kind log, and only with it');
  query.set('kind', flags.kind);
  if (flags.log !== undefined) query.set('log', String(flags.log));
  return getFromApi(flags.api, `/v1/chains/${chain}/txs/${encodeURIComponent(tx[0] ?? '')}/proof?${query}`);
}

async function offlineProof(flags: ProveFlags): Promise<Uint8Array> {
  if (flags.block === undefined || flags.tx === undefined)
    throw new UsageError('--offline bitcoin needs --block and --tx');
  const chain = flags.chain ?? 'bitcoin-mainnet';
  if (!bitcoinKind.networks.some((network) => network.name === chain))
    throw new UsageError(`--chain ${chain} is no Bitcoin network`);
  const block = await readBytes(flags.block);
  const txids = flags.tx.map((text) => bitcoinKind.parseHash(text));
  const payload = buildBitcoinInclusion(block, txids);
  const proof = {
    kind: ProofKind.bitcoinInclusion,
    chain: utf8(chain),
    header: block.slice(0, 80),
    payload,
  } as const;
  return encodeProof(proof, flags.format, formatContext);
}
