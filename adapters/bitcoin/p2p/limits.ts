import { MAX_BLOCK_TRANSACTIONS } from '../proofs/partialMerkleTree.js';

/** Most bytes of one message's payload (Bitcoin Core `MAX_PROTOCOL_MESSAGE_LENGTH`). */
export const MAX_PAYLOAD_BYTES = 4_000_000;
/** Headers of one `headers` message (Core `MAX_HEADERS_RESULTS`). */
export const MAX_HEADERS = 2000;
/** Entries of one `inv`, `getdata` or `notfound` (Core `MAX_INV_SZ`). */
export const MAX_INVENTORY = 50_000;
/** Hashes of one locator (Core `MAX_LOCATOR_SZ`). */
export const MAX_LOCATOR = 101;
/** Bytes of a user agent (Core `MAX_SUBVERSION_LENGTH`). */
export const MAX_USER_AGENT = 256;
/** Bytes and hash functions of a Bloom filter (BIP37). */
export const MAX_FILTER_BYTES = 36_000;
export const MAX_FILTER_FUNCTIONS = 50;
/** Bytes of one element of a filter (Core `MAX_SCRIPT_ELEMENT_SIZE`). */
export const MAX_FILTER_ELEMENT = 520;

/** Most payload bytes of each message, from what it can hold. */
const limits: Readonly<Record<string, number>> = {
  version: 85 + 3 + MAX_USER_AGENT + 256,
  verack: 0,
  ping: 8,
  pong: 8,
  sendheaders: 0,
  sendaddrv2: 0,
  wtxidrelay: 0,
  sendcmpct: 9,
  feefilter: 8,
  getaddr: 0,
  mempool: 0,
  getheaders: 4 + 1 + 32 * MAX_LOCATOR + 32,
  getblocks: 4 + 1 + 32 * MAX_LOCATOR + 32,
  headers: 3 + 81 * MAX_HEADERS,
  inv: 3 + 36 * MAX_INVENTORY,
  getdata: 3 + 36 * MAX_INVENTORY,
  notfound: 3 + 36 * MAX_INVENTORY,
  filterload: 3 + MAX_FILTER_BYTES + 9,
  filteradd: 3 + MAX_FILTER_ELEMENT,
  filterclear: 0,
  merkleblock: 84 + 3 + 32 * MAX_BLOCK_TRANSACTIONS + 3 + Math.ceil(MAX_BLOCK_TRANSACTIONS / 4),
  reject: 1 + 12 + 1 + 1 + 111 + 32,
  addr: 3 + 30 * 1000,
};

/** Most payload bytes of a message; that of any message for those that have no limit of their own. */
export function payloadLimit(command: string): number {
  return Object.hasOwn(limits, command) ? (limits[command] ?? MAX_PAYLOAD_BYTES) : MAX_PAYLOAD_BYTES;
}
