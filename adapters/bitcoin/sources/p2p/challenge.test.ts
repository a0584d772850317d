import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { useFastHasher } from '../../../../proofs/hash/fast.js';
import { type HostilePeer, startHostilePeer } from '../../../../test/support/hostilePeer.js';
import { genesis, honest, openPeer } from '../../../../test/support/p2p.js';
import { ChallengeNotSupportedError } from '../../blocks/errors.js';
import { checkSignetBlock } from '../../blocks/signet.js';
import { Services } from '../../p2p/version.js';
import { foreignHeader } from '../../rules/header.js';
import { segwitBlock } from '../../testing/segwit.js';
import type { P2pSource } from '../p2p.js';

// Blocks of a signet take long to mine: regtest blocks are checked as if their network had this challenge.
vi.mock('../../blocks/signet.js', async (original) => {
  const actual = await original<typeof import('../../blocks/signet.js')>();
  return {
    ...actual,
    checkBlockSignature: (_chain: string, raw: Uint8Array) =>
      actual.checkSignetBlock(raw, Uint8Array.of(0x52)),
  };
});

let peer: HostilePeer;
let source: P2pSource;
beforeAll(() => useFastHasher());
beforeEach(async () => {
  peer = await startHostilePeer();
  source = openPeer(peer.address);
});
afterEach(async () => {
  await source.close();
  await peer.close();
});

it('a challenge that cannot be evaluated is told as such, and is no fault of the peer', async () => {
  const { raw } = segwitBlock(genesis, 3);
  const header = foreignHeader(raw.subarray(0, 80), 1);
  expect(() => checkSignetBlock(raw, Uint8Array.of(0x52))).toThrow(ChallengeNotSupportedError);
  const base = honest([header]);
  peer.behave({
    version: () => ({ startHeight: 1, services: Services.network | Services.witness }),
    message: (message, victim) => {
      if (message.command !== 'getdata') return base.message?.(message, victim) ?? false;
      victim.send({ command: 'block', raw });
      return true;
    },
  });
  await expect(source.block(header.hash)).rejects.toBeInstanceOf(ChallengeNotSupportedError);
  expect(source.peer).toBeDefined();
  expect((await source.tip()).height).toBe(1);
});
