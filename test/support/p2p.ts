import { expect } from 'vitest';
import { encodeFrame } from '../../adapters/bitcoin/p2p/frame.js';
import { encodePayload, type KnownMessage } from '../../adapters/bitcoin/p2p/messages.js';
import { p2pNetwork } from '../../adapters/bitcoin/p2p/networks.js';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { P2pSource } from '../../adapters/bitcoin/sources/p2p.js';
import { mineAfter } from '../../adapters/bitcoin/testing/samples.js';
import { SourceFaultError, SourceUnavailableError } from '../../adapters/errors.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { Behaviour } from './hostilePeer.js';

export const CHAIN = 'bitcoin-regtest';
export const { magic } = p2pNetwork(CHAIN);
export const genesis = foreignHeader(bitcoinNetwork(CHAIN).genesisHeader, 0);

/** Long enough for a busy machine; only what will not be answered is given up soon. */
const PATIENT_TIMES = {
  connectMs: 10_000,
  handshakeMs: 10_000,
  requestMs: 10_000,
  blockMs: 10_000,
  graceMs: 150,
  messageMs: 10_000,
  pongMs: 10_000,
};

/** Short, so that what must be cut is cut soon. */
export const SHORT_TIMES = {
  connectMs: 500,
  handshakeMs: 400,
  requestMs: 500,
  blockMs: 500,
  graceMs: 100,
  messageMs: 150,
  minBytesPerSecond: 10_000_000,
  pongMs: 300,
};

type P2pOptions = ConstructorParameters<typeof P2pSource>[0];

/** A source that is quick to try again. */
export function openPeer(address: string, options: Partial<P2pOptions> = {}): P2pSource {
  return new P2pSource({
    chain: CHAIN,
    address,
    times: PATIENT_TIMES,
    backoffMs: 1,
    maxBackoffMs: 5,
    name: 'the peer',
    ...options,
  });
}

/** Mined headers on top of a header. @param salt makes branches differ */
export function mineRun(parent: ForeignHeader, count: number, salt = 0): ForeignHeader[] {
  const headers: ForeignHeader[] = [];
  let before = parent;
  for (let i = 0; i < count; i++) {
    before = mineAfter(before, salt);
    headers.push(before);
  }
  return headers;
}

export const raws = (headers: readonly ForeignHeader[]) => headers.map(({ raw }) => raw);
export const headersMessage = (headers: readonly Uint8Array[]) => ({ command: 'headers', headers }) as const;

/** A whole message. */
export const frame = (message: KnownMessage) => encodeFrame(magic, message.command, encodePayload(message));

/** The envelope of a message that claims `length` bytes. */
export function frameHeader(command: string, length: number): Uint8Array {
  const bytes = encodeFrame(magic, command, new Uint8Array(0));
  new DataView(bytes.buffer).setUint32(16, length, true);
  return bytes;
}

/** Answers each question for headers with these, whatever the locator. */
export const answering = (headers: readonly Uint8Array[]): Behaviour => ({
  message: (message, victim) => {
    if (message.command !== 'getheaders') return false;
    victim.send(headersMessage(headers));
    return true;
  },
});

/** A node whose chain is `headers` on top of the genesis block; it may grow. */
export function honest(headers: readonly ForeignHeader[]): Behaviour {
  return {
    version: () => ({ startHeight: headers.length }),
    message: (message, victim) => {
      if (message.command !== 'getheaders') return false;
      const known = (hash: Uint8Array) => headers.findIndex((header) => bytesEqual(header.hash, hash));
      const from = message.locator.map(known).find((at) => at >= 0) ?? -1;
      victim.send(headersMessage(raws(headers.slice(from + 1, from + 2001))));
      return true;
    },
  };
}

/** The message of the error that it must end with. */
export async function fails(
  work: Promise<unknown>,
  kind: typeof SourceFaultError | typeof SourceUnavailableError,
): Promise<string> {
  const error: unknown = await work.then(
    () => new Error('did not fail'),
    (failure: unknown) => failure,
  );
  expect(error, String(error)).toBeInstanceOf(kind);
  return (error as Error).message;
}

/** The tip's height, once the source has forgiven what was before. */
export async function recoveredTip(source: P2pSource): Promise<number> {
  for (let tries = 0; ; tries++) {
    try {
      return (await source.tip()).height;
    } catch (error) {
      if (tries > 200 || !(error instanceof SourceUnavailableError || error instanceof SourceFaultError))
        throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
