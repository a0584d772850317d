import { bytesEqual, fromHex, toHex } from '../../proofs/bytes.js';
import { MAX_PAYLOAD_BYTES, ProofKind } from '../../proofs/containers/proof.js';
import { LimitExceededError } from '../../proofs/errors/input.js';
import {
  type BlockData,
  type BlockRequest,
  type BranchFile,
  type BuiltPayload,
  type PayloadParameters,
  ProofKindError,
} from '../payloadBuilder.js';
import type { AccountNodes } from '../source.js';
import type { ForeignHeader } from '../types.js';
import { parseEthereumAddress } from './address.js';
import { MAX_ACCOUNTS } from './proofs/account.js';
import { checkEip1186, encodeEip1186, parseEip1186 } from './proofs/eip1186.js';
import {
  accountAt,
  buildAccount,
  buildAccounts,
  buildCode,
  buildCount,
  buildLogs,
  buildStorage,
  buildWithdrawal,
  CountedList,
  EMPTY_CODE_HASH,
  headerDecides,
  type LogFilter,
  logFilter,
  MAX_BLOCKS,
} from './proofs/index.js';
import { StoragePayloadType } from './proofs/storage.js';
import { indexTrie } from './trie/build.js';

/** Blocks that are asked for side by side. */
const BLOCKS_AT_ONCE = 8;
/** What a receipt is shorter by without its bloom, at most. */
const BLOOM_BYTES = 262;

/** Forms in which other programs read a block's state: the answer of `eth_getProof` (EIP-1186). */
export const STATE_FORMATS = ['eip1186'] as const;

/** The payload of a question about a block. @throws ProofKindError, MalformedInputError, LimitExceededError, SourceUnavailableError */
export async function blockPayload(request: BlockRequest): Promise<BuiltPayload> {
  const { aspect, parameters, header } = request;
  switch (aspect) {
    case 'account': {
      return { kind: ProofKind.ethereumAccount, payload: await accountsPayload(request) };
    }
    case 'storage': {
      const state = await stateOf(request, slotsOf(parameters));
      return { kind: ProofKind.ethereumStorage, payload: storagePayload(header, state) };
    }
    case 'code':
      return { kind: ProofKind.ethereumCode, payload: await codePayload(request) };
    case 'withdrawal': {
      const { withdrawal } = parameters;
      if (withdrawal === undefined)
        throw new ProofKindError('kind=withdrawal needs the place of the withdrawal in its block');
      const list = indexTrie(await withdrawalsOf(request));
      return { kind: ProofKind.ethereumWithdrawal, payload: buildWithdrawal(header.raw, list, withdrawal) };
    }
    case 'count':
      return { kind: ProofKind.ethereumCount, payload: await countPayload(request) };
    case 'logs':
      return { kind: ProofKind.ethereumLogs, payload: await logsPayload(request) };
    default:
      throw new ProofKindError(`an Ethereum block has no ${aspect}`);
  }
}

/** What `eth_getProof` would answer, from nodes that are checked. @throws as `blockPayload` */
export async function stateFile(request: BlockRequest): Promise<BranchFile> {
  const { stateRoot } = request.header;
  const slots = request.parameters.slot === undefined ? [] : slotsOf(request.parameters);
  const state = await stateOf(request, slots);
  const type = 'application/json';
  if (slots.length === 0) return { type, text: encodeEip1186(stateRoot, state.address, state.accountNodes) };
  const { question, accountNodes, storageNodes } = StoragePayloadType.deserialize(
    storagePayload(request.header, state),
  );
  return {
    type,
    text: encodeEip1186(stateRoot, question.address, accountNodes, question.slots, storageNodes),
  };
}

/**
 * The payload of what a node answered to `eth_getProof`, all of which is checked.
 * @param aspect by default `storage` where it has slots, else `account`
 * @throws MalformedInputError, LimitExceededError, Eip1186Error naming the field that is wrong
 */
export function readState(
  { stateRoot }: Pick<ForeignHeader, 'stateRoot'>,
  text: string,
  aspect?: 'account' | 'storage',
): BuiltPayload {
  const answer = parseEip1186(text);
  const { accountNodes, slots } = checkEip1186(stateRoot, answer);
  const { address } = answer;
  if ((aspect ?? (slots.length === 0 ? 'account' : 'storage')) === 'account')
    return { kind: ProofKind.ethereumAccount, payload: buildAccount(address, accountNodes) };
  const payload = buildStorage(stateRoot, address, accountNodes, slots);
  return { kind: ProofKind.ethereumStorage, payload };
}

function storagePayload({ stateRoot }: ForeignHeader, { address, accountNodes, slots }: AccountNodes) {
  return buildStorage(stateRoot, address, accountNodes, slots);
}

async function stateOf({ parameters, header, data }: BlockRequest, slots: readonly Uint8Array[]) {
  if (parameters.address === undefined) throw new ProofKindError('the address of an account is needed');
  return data.account(parseEthereumAddress(parameters.address), slots, header.hash);
}

async function accountsPayload({ parameters, header, data }: BlockRequest): Promise<Uint8Array> {
  const addresses = (parameters.address?.split(',') ?? []).map(parseEthereumAddress);
  if (addresses.length === 0) throw new ProofKindError('the address of an account is needed');
  if (addresses.length > MAX_ACCOUNTS)
    throw new LimitExceededError('accounts in one proof', addresses.length, MAX_ACCOUNTS);
  const accounts = [];
  for (const address of addresses) {
    const { accountNodes } = await data.account(address, [], header.hash);
    accounts.push({ address, nodes: accountNodes });
  }
  return buildAccounts(header.stateRoot, accounts);
}

async function codePayload(request: BlockRequest): Promise<Uint8Array> {
  const { header, data } = request;
  const { address, accountNodes } = await stateOf(request, []);
  const codeHash = accountAt(header.stateRoot, address, accountNodes)?.codeHash ?? EMPTY_CODE_HASH;
  const code = bytesEqual(codeHash, EMPTY_CODE_HASH)
    ? new Uint8Array(0)
    : await data.code(address, header.hash, codeHash);
  return buildCode(address, accountNodes, code);
}

async function withdrawalsOf({ header, data }: BlockRequest): Promise<readonly Uint8Array[]> {
  const { withdrawals } = await data.block(header.hash);
  if (withdrawals === undefined) throw new ProofKindError('the block is of a fork that knows no withdrawals');
  return withdrawals;
}

async function countPayload(request: BlockRequest): Promise<Uint8Array> {
  const { list = 'transactions' } = request.parameters;
  if (list === 'withdrawals') {
    const values = await withdrawalsOf(request);
    return buildCount(CountedList.withdrawals, indexTrie(values), values.length, request.header.raw);
  }
  if (list !== 'transactions')
    throw new ProofKindError(`list=${list.slice(0, 40)}: a block has transactions and withdrawals`);
  const { transactions } = await request.data.block(request.header.hash);
  if (transactions === undefined) throw new ProofKindError('the block was read without transactions');
  return buildCount(CountedList.transactions, indexTrie(transactions), transactions.length);
}

async function logsPayload({ parameters, header, data }: BlockRequest): Promise<Uint8Array> {
  const filter = filterOf(parameters);
  const from = parameters.fromBlock ?? header.height;
  if (from > header.height)
    throw new ProofKindError(`blocks ${from} to ${header.height}: the first comes after the last`);
  const count = header.height - from + 1;
  if (count > MAX_BLOCKS) throw new LimitExceededError('blocks in one proof', count, MAX_BLOCKS);
  const headers: ForeignHeader[] = [header];
  while (headers.length < count) {
    const [above = header] = headers;
    const parent = await data.header(above.height - 1);
    if (parent === undefined || !bytesEqual(parent.hash, above.parentHash))
      throw new ProofKindError(`the block at height ${above.height - 1} is not known here`);
    headers.unshift(parent);
  }
  return buildLogs(filter, await withReceipts(filter, headers, data));
}

/** Receipts of the blocks whose headers do not decide, until they cannot fit into a proof any more. */
async function withReceipts(filter: LogFilter, headers: readonly ForeignHeader[], data: BlockData) {
  const blocks: { header: Uint8Array; receipts: readonly Uint8Array[] | undefined }[] = [];
  let bytes = 0;
  for (let at = 0; at < headers.length; at += BLOCKS_AT_ONCE) {
    const some = await Promise.all(
      headers.slice(at, at + BLOCKS_AT_ONCE).map(async ({ raw, hash }) => ({
        header: raw,
        receipts: headerDecides(filter, raw) ? undefined : (await data.block(hash)).receipts,
      })),
    );
    blocks.push(...some);
    for (const { receipts = [] } of some)
      for (const receipt of receipts) bytes += receipt.length - BLOOM_BYTES;
    if (bytes > MAX_PAYLOAD_BYTES)
      throw new LimitExceededError('proof of logs in bytes: ask for fewer blocks', bytes, MAX_PAYLOAD_BYTES);
  }
  return blocks;
}

function filterOf({ address, topic = [] }: PayloadParameters): LogFilter {
  const addresses = address === undefined ? [] : address.split(',').map(parseEthereumAddress);
  const topics = topic.map((place) => (place === 'any' ? [] : place.split(',').map(parseTopic)));
  return logFilter(addresses, topics);
}

function parseTopic(text: string): Uint8Array {
  if (!text.startsWith('0x')) throw new ProofKindError(`topic: is any, or hex with 0x: ${text.slice(0, 80)}`);
  return fromHex(text, 'topic', 32);
}

function slotsOf({ slot = [] }: PayloadParameters): Uint8Array[] {
  if (slot.length === 0) throw new ProofKindError('kind=storage needs a slot, or several');
  const slots = slot.map(parseSlot);
  // The same slot in two spellings is one slot.
  return [...new Map(slots.map((one) => [toHex(one), one])).values()];
}

function parseSlot(text: string): Uint8Array {
  if (!/^(0x[0-9a-fA-F]{1,64}|[0-9]{1,78})$/.test(text) || BigInt(text) >= 2n ** 256n)
    throw new ProofKindError(`slot: must be a number of at most 256 bits: ${text.slice(0, 80)}`);
  return fromHex(BigInt(text).toString(16).padStart(64, '0'), 'slot', 32);
}
