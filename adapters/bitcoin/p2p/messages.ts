import { concatBytes } from '../../../proofs/bytes.js';
import { decodeMerkleBlock, encodeMerkleBlock, type MerkleBlock } from '../proofs/partialMerkleTree.js';
import { compactSize, uint64le } from '../proofs/wire.js';
import { readPayload } from './bytes.js';
import { WireError } from './errors.js';
import {
  decodeFilterAdd,
  decodeFilterLoad,
  encodeFilterLoad,
  type FilterAddMessage,
  type FilterLoadMessage,
} from './filtered.js';
import { decodeHeaders, encodeHeaders, type HeadersMessage } from './headers.js';
import {
  decodeGetHeaders,
  decodeInventory,
  encodeGetHeaders,
  encodeInventory,
  type GetHeadersMessage,
  type InventoryMessage,
} from './inventory.js';
import { decodeReject, encodeReject, type RejectMessage } from './reject.js';
import { decodeVersion, encodeVersion, type VersionMessage } from './version.js';

/** Messages without a payload. */
export interface EmptyMessage {
  readonly command: 'verack' | 'sendheaders' | 'sendaddrv2' | 'wtxidrelay' | 'filterclear';
}

export interface PingMessage {
  readonly command: 'ping' | 'pong';
  readonly nonce: bigint;
}

export interface FeeFilterMessage {
  readonly command: 'feefilter';
  /** Satoshi for 1000 virtual bytes (BIP133). */
  readonly rate: bigint;
}

export interface SendCompactMessage {
  readonly command: 'sendcmpct';
  /** Whether it asks for unannounced compact blocks (BIP152). */
  readonly announce: boolean;
  readonly version: bigint;
}

/** A block's header with a part of its Merkle tree, by the filter that was loaded (BIP37). */
export interface MerkleBlockMessage {
  readonly command: 'merkleblock';
  /** Decoded, not checked: `readPartialTree` walks the tree. */
  readonly block: MerkleBlock;
}

/** A block or a transaction as it is serialised; not parsed here. */
export interface RawMessage {
  readonly command: 'block' | 'tx';
  readonly raw: Uint8Array;
}

/** A message that we have no use for. */
export interface OtherMessage {
  readonly command: 'other';
  readonly name: string;
}

export type KnownMessage =
  | VersionMessage
  | EmptyMessage
  | PingMessage
  | FeeFilterMessage
  | SendCompactMessage
  | InventoryMessage
  | GetHeadersMessage
  | HeadersMessage
  | FilterLoadMessage
  | FilterAddMessage
  | MerkleBlockMessage
  | RejectMessage
  | RawMessage;
export type Message = KnownMessage | OtherMessage;

const NOTHING = new Uint8Array(0);

/**
 * The payload of a message.
 * Formats: Bitcoin Core `src/protocol.h` and `net_processing.cpp`; BIP14, 31, 37, 61, 111, 130, 133, 144, 152, 155, 339.
 */
export function encodePayload(message: KnownMessage): Uint8Array {
  switch (message.command) {
    case 'version':
      return encodeVersion(message);
    case 'ping':
    case 'pong':
      return uint64le(message.nonce);
    case 'feefilter':
      return uint64le(message.rate);
    case 'sendcmpct':
      return concatBytes(Uint8Array.of(message.announce ? 1 : 0), uint64le(message.version));
    case 'inv':
    case 'getdata':
    case 'notfound':
      return encodeInventory(message);
    case 'getheaders':
      return encodeGetHeaders(message);
    case 'headers':
      return encodeHeaders(message);
    case 'filterload':
      return encodeFilterLoad(message);
    case 'filteradd':
      return concatBytes(compactSize(message.data.length), message.data);
    case 'merkleblock':
      return encodeMerkleBlock(message.block);
    case 'reject':
      return encodeReject(message);
    case 'block':
    case 'tx':
      return message.raw;
    default:
      return NOTHING;
  }
}

/** Reads a message strictly; a command that is not in `KnownMessage` is `other`. @throws WireError `malformed` */
export function decodePayload(command: string, payload: Uint8Array): Message {
  switch (command) {
    case 'version':
      return decodeVersion(payload);
    case 'verack':
    case 'sendheaders':
    case 'sendaddrv2':
    case 'wtxidrelay':
    case 'filterclear':
      return readPayload(command, payload, () => ({ command }));
    case 'ping':
    case 'pong':
      return readPayload(command, payload, (reader) => ({ command, nonce: reader.uint64() }));
    case 'feefilter':
      return readPayload(command, payload, (reader) => ({ command, rate: reader.uint64() }));
    case 'sendcmpct':
      return readPayload(command, payload, (reader) => ({
        command,
        announce: reader.take(1)[0] === 1,
        version: reader.uint64(),
      }));
    case 'inv':
    case 'getdata':
    case 'notfound':
      return decodeInventory(command, payload);
    case 'getheaders':
      return decodeGetHeaders(payload);
    case 'headers':
      return decodeHeaders(payload);
    case 'filterload':
      return decodeFilterLoad(payload);
    case 'filteradd':
      return decodeFilterAdd(payload);
    case 'merkleblock':
      return readMerkleBlock(payload);
    case 'reject':
      return decodeReject(payload);
    case 'block':
    case 'tx':
      return { command, raw: payload };
    default:
      return { command: 'other', name: command };
  }
}

function readMerkleBlock(payload: Uint8Array): MerkleBlockMessage {
  try {
    return { command: 'merkleblock', block: decodeMerkleBlock(payload) };
  } catch (error) {
    throw new WireError('malformed', 'merkleblock cannot be read', error);
  }
}
