import { ContainerType } from '@chainsafe/ssz';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import type { Leaf } from '../../../proofs/containers/leaf.js';
import { ByteListType, ListCompositeType } from '../../../proofs/containers/lists.js';
import { Bytes32, Count64 } from '../../../proofs/containers/primitives.js';
import { MAX_PAYLOAD_BYTES, ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { decodeEthereumHeader, type EthereumHeader, ethereumBlockHash } from '../rules/header.js';
import { indexTrie } from '../trie/build.js';
import { RawHeaderType } from './blockHeader.js';
import { checkQuestion, payloadVerifier, questionId, reading } from './common.js';
import { counted, logFacts } from './facts.js';
import { bloomExcludes, exclusionBy, isCanonical, type LogFilter, LogFilterType, matches } from './filter.js';
import { type EthereumReceipt, withBloom, withoutBloom } from './receipt.js';

/** Most blocks of one proof. */
export const MAX_BLOCKS = 1024;

export const LogsQuestionType = new ContainerType(
  /** Which logs, and the height of the first block; the last is the leaf's. */
  { filter: LogFilterType, from: Count64 },
  { typeName: 'EthereumLogsQuestion', jsonCase: 'eth2' },
);
const BlockType = new ContainerType(
  /** Raw header; and where its bloom does not exclude the filter, all receipts of the block in their order, without blooms. */
  { header: RawHeaderType, receipts: new ListCompositeType(new ByteListType(MAX_PAYLOAD_BYTES), 2 ** 16) },
  { typeName: 'EthereumLogsBlock', jsonCase: 'eth2' },
);
/** `ethereum-logs`: the blocks from the first to the leaf's own. */
export const LogsPayloadType = new ContainerType(
  { question: LogsQuestionType, id: Bytes32, blocks: new ListCompositeType(BlockType, MAX_BLOCKS) },
  { typeName: 'EthereumLogsPayload', jsonCase: 'eth2' },
);

/** Whether a block's header alone shows that it has no such log. @param header raw @throws MalformedInputError */
export function headerDecides(filter: LogFilter, header: Uint8Array): boolean {
  return bloomExcludes(filter, decodeEthereumHeader(header).logsBloom);
}

/**
 * SSZ payload of a complete list of logs.
 * @param blocks ascending without gaps: raw headers, and consensus encodings of all receipts where `headerDecides` says no
 * @throws MalformedInputError, LimitExceededError
 */
export function buildLogs(
  filter: LogFilter,
  blocks: readonly { readonly header: Uint8Array; readonly receipts: readonly Uint8Array[] | undefined }[],
): Uint8Array {
  const [first] = blocks;
  if (first === undefined) throw new MalformedInputError('blocks', 'are none');
  if (blocks.length > MAX_BLOCKS)
    throw new LimitExceededError('blocks in one proof', blocks.length, MAX_BLOCKS);
  const excludes = exclusionBy(filter);
  const question = { filter, from: Number(decodeEthereumHeader(first.header).number) };
  const payload = LogsPayloadType.serialize({
    question,
    id: questionId(ProofKind.ethereumLogs, LogsQuestionType, question),
    blocks: blocks.map(({ header, receipts }) => {
      if (excludes(decodeEthereumHeader(header).logsBloom)) return { header, receipts: [] };
      if (receipts === undefined) throw new MalformedInputError('receipts', 'of a block are needed');
      return { header, receipts: receipts.map(withoutBloom) };
    }),
  });
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new LimitExceededError(
      'proof of logs in bytes: ask for fewer blocks',
      payload.length,
      MAX_PAYLOAD_BYTES,
    );
  return payload;
}

export const logsVerifier = payloadVerifier(
  ProofKind.ethereumLogs,
  'ethereum-logs',
  LogsPayloadType,
  (payload, leaf) => {
    const { filter, from } = checkQuestion('log-mismatch', ProofKind.ethereumLogs, LogsQuestionType, payload);
    if (!isCanonical(filter))
      throw new ProofError('non-canonical', 'the alternatives of a filter do not ascend');
    const headers = linkedHeaders(
      payload.blocks.map(({ header }) => header),
      from,
      leaf,
    );
    const excludes = exclusionBy(filter);
    const logs = headers.flatMap(({ header, hash }, i) =>
      logsOf(filter, excludes(header.logsBloom), header, payload.blocks[i]?.receipts ?? []).map((log) => ({
        block: Number(header.number),
        blockHash: toHex(hash),
        ...log,
      })),
    );
    const blocks = from === leaf.height ? `block ${from}` : `blocks ${from} to ${leaf.height}`;
    return {
      summary: `exactly ${counted(logs.length, 'log')} ${filterWords(filter)} in ${blocks}`,
      facts: {
        from,
        to: leaf.height,
        addresses: filter.addresses.map(toHex),
        topics: filter.topics.map((list) => list.map(toHex)),
        count: logs.length,
        logs,
      },
    };
  },
);

/** The blocks' headers, each the parent of the next, the last the leaf's. @throws ProofError `malformed`, `block-mismatch` */
function linkedHeaders(
  raws: readonly Uint8Array[],
  from: number,
  leaf: Leaf,
): { readonly header: EthereumHeader; readonly hash: Uint8Array }[] {
  if (raws.length === 0) throw new ProofError('malformed', 'a proof of logs has at least one block');
  const headers = raws.map((raw) => ({
    hash: ethereumBlockHash(raw),
    header: reading('block-mismatch', () => decodeEthereumHeader(raw)),
  }));
  for (const [i, { hash, header }] of headers.entries()) {
    const height = from + i;
    const expected = headers[i + 1]?.header.parentHash ?? leaf.blockHash;
    if (!bytesEqual(hash, expected))
      throw new ProofError(
        'block-mismatch',
        `the header at height ${height} is not of block ${toHex(expected)}`,
      );
    if (header.number !== BigInt(height))
      throw new ProofError('block-mismatch', `the header at height ${height} is number ${header.number}`);
  }
  if (from + headers.length - 1 !== leaf.height)
    throw new ProofError('block-mismatch', `the blocks do not end at height ${leaf.height}`);
  return headers;
}

/** All logs of one block that fit. @throws ProofError `non-canonical`, `receipt-mismatch` */
function logsOf(
  filter: LogFilter,
  isExcluded: boolean,
  { number, receiptsRoot }: EthereumHeader,
  bare: readonly Uint8Array[],
): Record<string, Json>[] {
  if (isExcluded) {
    if (bare.length > 0)
      throw new ProofError(
        'non-canonical',
        `block ${number} has receipts though its header excludes the filter`,
      );
    return [];
  }
  const whole = bare.map((one) => reading('receipt-mismatch', () => withBloom(one)));
  if (!bytesEqual(indexTrie(whole.map(({ raw }) => raw)).root, receiptsRoot))
    throw new ProofError('receipt-mismatch', `the receipts are not all those of block ${number}`);
  return matching(
    filter,
    whole.map(({ receipt }) => receipt),
  );
}

function matching(filter: LogFilter, receipts: readonly EthereumReceipt[]): Record<string, Json>[] {
  const found: Record<string, Json>[] = [];
  let blockLogIndex = 0;
  for (const [index, { logs }] of receipts.entries()) {
    for (const [logIndex, log] of logs.entries()) {
      if (matches(filter, log)) found.push({ index, logIndex, blockLogIndex, ...logFacts(log) });
      blockLogIndex++;
    }
  }
  return found;
}

function filterWords({ addresses, topics }: LogFilter): string {
  const [only, second] = addresses;
  const by =
    only === undefined
      ? 'of any contract'
      : second === undefined
        ? `of ${toHex(only)}`
        : `of ${addresses.length} contracts`;
  return topics.some((list) => list.length > 0) ? `${by} with these topics` : by;
}
