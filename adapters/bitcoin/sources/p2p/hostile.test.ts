import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../../../proofs/hash/fast.js';
import {
  type Behaviour,
  first,
  type HostilePeer,
  startHostilePeer,
} from '../../../../test/support/hostilePeer.js';
import {
  answering,
  fails,
  frame,
  frameHeader,
  genesis,
  honest,
  magic,
  mineRun,
  openPeer,
  raws,
  recoveredTip,
} from '../../../../test/support/p2p.js';
import { SourceFaultError } from '../../../errors.js';
import type { ForeignHeader } from '../../../types.js';
import { encodeFrame } from '../../p2p/frame.js';
import { p2pNetwork } from '../../p2p/networks.js';
import { Services } from '../../p2p/version.js';
import { decodeHeader, encodeHeader, foreignHeader } from '../../rules/header.js';
import { mineAfter } from '../../testing/samples.js';
import type { P2pSource } from '../p2p.js';

let chain: ForeignHeader[];
let peer: HostilePeer;
let source: P2pSource;

beforeAll(() => {
  useFastHasher();
  chain = mineRun(genesis, 30);
});
beforeEach(async () => {
  peer = await startHostilePeer();
  source = openPeer(peer.address);
});
afterEach(async () => {
  await source.close();
  await peer.close();
});

/** The peer does as it should from now on, and is read again by the same source. */
async function recovers(): Promise<void> {
  peer.behave(honest(chain));
  expect(await recoveredTip(source)).toBe(30);
}

const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
const badWork = (parent = genesis) => {
  const parts = decodeHeader(mineAfter(parent).raw);
  for (let nonce = 0; ; nonce++) {
    const raw = encodeHeader({ ...parts, nonce });
    if ((foreignHeader(raw, 1).hash[31] ?? 0) >= 0x80) return raw;
  }
};

describe('a peer that breaks the protocol is named, and survived', () => {
  it.each<[string, Behaviour | (() => Behaviour), RegExp]>([
    [
      'with the magic of another network',
      first((v) => v.raw(encodeFrame(p2pNetwork('bitcoin-mainnet').magic, 'verack', new Uint8Array(0)))),
      /wrong-network: its messages are those of bitcoin-mainnet/,
    ],
    [
      'that speaks HTTP',
      first((v) => v.raw(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))),
      /wrong-network/,
    ],
    [
      'with a bad checksum',
      { ready: (v) => v.raw(flipped(frame({ command: 'pong', nonce: 1n }), 24)) },
      /bad-checksum: pong/,
    ],
    [
      'with a length above all limits',
      { ready: (v) => v.raw(frameHeader('addr', 0xfffffff0)) },
      /oversize: addr/,
    ],
    [
      'with a length above that of its command',
      { ready: (v) => v.raw(frameHeader('ping', 9)) },
      /oversize: ping/,
    ],
    ['with a command that is none', { ready: (v) => v.raw(frameHeader('\x01', 0)) }, /bad-command/],
    [
      'with a message that cannot be read',
      { ready: (v) => v.raw(encodeFrame(magic, 'inv', Uint8Array.of(5))) },
      /malformed: inv/,
    ],
    [
      'that does not begin with version',
      first((v) => v.send({ command: 'verack' })),
      /begins with verack instead of version/,
    ],
    ['that is ourselves', { version: ({ nonce }) => ({ nonce }) }, /is ourselves/],
    ['of an old protocol', { version: { version: 70011 } }, /speaks protocol 70011/],
    ['without blocks', { version: { services: Services.witness } }, /offers no blocks/],
    ['without witnesses', { version: { services: Services.network } }, /offers no witnesses/],
    [
      'with a block that nobody asked for',
      { ready: (v) => v.raw(frameHeader('block', 3_000_000)) },
      /sends a block that nobody asked for/,
    ],
    ['with a header without work', () => answering([badWork()]), /without proof of work: hash is above/],
    [
      'with a target that the network does not allow',
      () => answering([encodeHeader({ ...decodeHeader(chain[0]!.raw), bits: 0x2100ffff })]),
      /without proof of work: bits 2100ffff are no target/,
    ],
    [
      'with headers that do not build on one another',
      () => answering([chain[0]!.raw, chain[2]!.raw]),
      /do not build on one another/,
    ],
    [
      'with a header of nowhere without work',
      () => answering([badWork(chain[5])]),
      /without proof of work: hash is above/,
    ],
    ['with headers of nowhere', () => answering(raws(chain.slice(5, 8))), /build on none of ours/],
    ['with many headers of nowhere', () => answering(raws(chain.slice(5, 25))), /build on none of ours/],
    [
      'with 2001 headers',
      () => answering(Array.from({ length: 2001 }, () => chain[0]!.raw)),
      /oversize: headers of 162084 bytes, more than 162003/,
    ],
  ])('%s', async (_, behaviour, words) => {
    peer.behave(typeof behaviour === 'function' ? behaviour() : behaviour);
    expect(await fails(source.check(), SourceFaultError)).toMatch(words);
    expect(peer.connections()).toBe(1);
    await recovers();
  });
});
