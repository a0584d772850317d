import { concatBytes, utf8 } from '../../../proofs/bytes.js';
import type { ByteReader } from '../proofs/reader.js';
import { compactSize, uint32le, uint64le } from '../proofs/wire.js';
import { readPayload } from './bytes.js';
import { WireError } from './errors.js';
import { MAX_USER_AGENT } from './limits.js';

/** What we speak: with `wtxidrelay` (BIP339). */
export const PROTOCOL_VERSION = 70016;
/** What a peer has to speak: `sendheaders` (BIP130). */
export const MIN_PROTOCOL_VERSION = 70012;

/** What a node offers (Bitcoin Core `ServiceFlags`). */
export const Services = {
  /** All blocks. */
  network: 1n,
  /** Bloom filters (BIP111). */
  bloom: 1n << 2n,
  /** Blocks with witnesses (BIP144). */
  witness: 1n << 3n,
  /** The last 288 blocks (BIP159). */
  networkLimited: 1n << 10n,
} as const;

/** An address as `version` has it: no time. */
export interface NetAddress {
  readonly services: bigint;
  /** IPv6, or IPv4 mapped into it: 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

export interface VersionMessage {
  readonly command: 'version';
  /** Of the protocol. */
  readonly version: number;
  readonly services: bigint;
  /** Unix seconds. */
  readonly time: bigint;
  readonly receiver: NetAddress;
  readonly sender: NetAddress;
  /** Random: who reads its own speaks to itself. */
  readonly nonce: bigint;
  /** At most 256 bytes; ASCII here, other bytes as `?`. */
  readonly userAgent: string;
  /** Height of its best block, signed. */
  readonly startHeight: number;
  /** Whether it wants to hear of transactions before it sets a filter (BIP37). */
  readonly relay: boolean;
}

/** No address: peers have no use for ours. */
export const NO_ADDRESS: NetAddress = { services: 0n, address: new Uint8Array(16), port: 0 };

/** Payload of a `version`. */
export function encodeVersion(message: VersionMessage): Uint8Array {
  const agent = utf8(message.userAgent).subarray(0, MAX_USER_AGENT);
  return concatBytes(
    uint32le(message.version),
    uint64le(message.services),
    uint64le(message.time),
    encodeAddress(message.receiver),
    encodeAddress(message.sender),
    uint64le(message.nonce),
    compactSize(agent.length),
    agent,
    uint32le(message.startHeight),
    Uint8Array.of(message.relay ? 1 : 0),
  );
}

/** Fields that later versions may add are left unread, as Bitcoin Core does. @throws WireError */
export function decodeVersion(payload: Uint8Array): VersionMessage {
  return readPayload(
    'version',
    payload,
    (reader) => {
      const version = reader.uint32() | 0;
      const services = reader.uint64();
      const time = BigInt.asIntN(64, reader.uint64());
      const receiver = readAddress(reader);
      const sender = readAddress(reader);
      const nonce = reader.uint64();
      const userAgent = readAgent(reader);
      const startHeight = reader.uint32() | 0;
      const relay = reader.left === 0 || reader.take(1)[0] !== 0;
      return {
        command: 'version',
        version,
        services,
        time,
        receiver,
        sender,
        nonce,
        userAgent,
        startHeight,
        relay,
      };
    },
    true,
  );
}

function encodeAddress({ services, address, port }: NetAddress): Uint8Array {
  return concatBytes(uint64le(services), address, Uint8Array.of(port >> 8, port & 0xff));
}

function readAddress(reader: ByteReader): NetAddress {
  const services = reader.uint64();
  const address = reader.take(16).slice();
  const [high = 0, low = 0] = reader.take(2);
  return { services, address, port: (high << 8) | low };
}

/** For logs: only printable ASCII is kept. */
function readAgent(reader: ByteReader): string {
  const length = reader.compactSize();
  if (length > MAX_USER_AGENT)
    throw new WireError('malformed', `version has a user agent of ${length} bytes`);
  return Array.from(reader.take(length), (byte) =>
    byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '?',
  ).join('');
}
