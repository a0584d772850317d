import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MalformedInputError } from '../../../../proofs/errors/input.js';
import { useFastHasher } from '../../../../proofs/hash/fast.js';
import {
  first,
  type HostilePeer,
  startHostilePeer,
  type Victim,
} from '../../../../test/support/hostilePeer.js';
import {
  fails,
  genesis,
  headersMessage,
  honest,
  mineRun,
  openPeer,
  raws,
  recoveredTip,
} from '../../../../test/support/p2p.js';
import { SourceFaultError, SourceUnavailableError } from '../../../errors.js';
import type { ForeignHeader } from '../../../types.js';
import type { P2pSource } from '../p2p.js';

let chain: ForeignHeader[];
let peer: HostilePeer;
let source: P2pSource;
let victim: Victim | undefined;

beforeAll(() => {
  useFastHasher();
});
beforeEach(async () => {
  chain = mineRun(genesis, 20);
  peer = await startHostilePeer(listening(chain));
  source = openPeer(peer.address);
});
afterEach(async () => {
  await source.close();
  await peer.close();
});

/** Honest, and its connection at hand. */
function listening(headers: readonly ForeignHeader[]) {
  return {
    ...honest(headers),
    ready: (one: Victim) => {
      victim = one;
    },
  };
}

/** Waits until a source has noticed that its connection is closed, however busy the machine is. */
async function ended(one: P2pSource): Promise<void> {
  await expect.poll(() => one.peer).toBeUndefined();
}

async function until(height: number): Promise<void> {
  await expect.poll(async () => (await source.tip()).height).toBe(height);
}

describe('what a peer announces is followed without a question', () => {
  it('by headers', async () => {
    await source.check();
    const more = mineRun(chain.at(-1)!, 3);
    victim!.send(headersMessage(raws(more)));
    await until(23);
    expect((await source.headers(20, 10)).slice(1)).toEqual(more);
  });

  it('by hash, or by headers that build on what it has not told', async () => {
    await source.check();
    chain.push(...mineRun(chain.at(-1)!, 40));
    victim!.send({ command: 'inv', entries: [{ type: 2, hash: chain.at(-1)!.hash }] });
    await until(60);
    chain.push(...mineRun(chain.at(-1)!, 12));
    victim!.send(headersMessage([chain.at(-1)!.raw]));
    await until(72);
  });

  it('and an announcement that crosses a question is not its answer', async () => {
    const stranger = mineRun(chain.at(-1)!, 2)[1]!;
    const known = honest(chain);
    peer.behave({
      ...known,
      message: (message, one) => {
        if (message.command === 'getheaders') one.send(headersMessage([stranger.raw]));
        return known.message?.(message, one) ?? false;
      },
    });
    await until(20);
    const small = openPeer(peer.address, { cachedHeaders: 1 });
    expect(await small.headers(3, 5)).toEqual(chain.slice(2, 7));
    await small.close();
  });

  it('also over a fork', async () => {
    await source.check();
    const branch = mineRun(chain[9]!, 15, 7);
    victim!.send(headersMessage(raws(branch)));
    await until(25);
    expect(await source.headers(1, 100)).toEqual([...chain.slice(0, 10), ...branch]);
  });
});

describe('a connection', () => {
  it('is made when it is needed, and again when it has ended', async () => {
    expect(peer.connections()).toBe(0);
    await until(20);
    expect(peer.connections()).toBe(1);
    victim!.socket.destroy();
    await ended(source);
    expect(await recoveredTip(source)).toBe(20);
    expect(peer.connections()).toBe(2);
  });

  it('that ended for a fault between two calls tells the next one, once', async () => {
    await source.check();
    victim!.send(headersMessage([mineRun(chain.at(-1)!, 1)[0]!.raw, chain[3]!.raw]));
    await ended(source);
    expect(await fails(source.tip(), SourceFaultError)).toMatch(/do not build on one another/);
    expect(await recoveredTip(source)).toBe(20);
  });

  it('of a node that has lost blocks forgets them', async () => {
    await until(20);
    chain.length = 8;
    victim!.socket.destroy();
    await ended(source);
    expect(await recoveredTip(source)).toBe(8);
    chain.push(...mineRun(chain.at(-1)!, 2, 3));
    victim!.socket.destroy();
    await ended(source);
    expect(await recoveredTip(source)).toBe(10);
  });

  it('of a node that loses blocks while they are read accuses nobody', async () => {
    await until(20);
    chain.length = 8;
    victim!.socket.destroy();
    await ended(source);
    for (let tries = 0; tries < 2; tries++)
      expect(await fails(source.headers(15, 5), SourceUnavailableError)).toMatch(
        /changes while we read it|closed/,
      );
    expect(await recoveredTip(source)).toBe(8);
    expect(await source.headers(15, 5)).toEqual([]);
  });

  it('of a node that has other headers than it told is read anew', async () => {
    const small = openPeer(peer.address, { cachedHeaders: 1 });
    await small.check();
    chain.splice(10, 10, ...mineRun(chain[9]!, 10, 4));
    expect((await small.headers(1, 20)).map(({ hash }) => hash)).toEqual(chain.map(({ hash }) => hash));
    await small.close();
  });

  it('tries the addresses of a name in turn', async () => {
    const hostile = await startHostilePeer(first(({ raw }) => raw(Buffer.from('HTTP/1.1 '))));
    const port = (address: string) => Number(address.split(':')[1]);
    const gone = await startHostilePeer();
    await gone.close();
    const addresses = [gone, hostile, peer].map(({ address }) => ({
      host: '127.0.0.1',
      port: port(address),
    }));
    const named = openPeer('seed.example.org', { resolve: async () => addresses });
    expect((await named.tip()).height).toBe(20);
    expect([hostile.connections(), peer.connections()]).toEqual([1, 1]);
    victim!.socket.destroy();
    await ended(named);
    // The one that was good comes first.
    expect(await recoveredTip(named)).toBe(20);
    expect([hostile.connections(), peer.connections()]).toEqual([1, 2]);
    await named.close();
    await hostile.close();
  });

  it('is not tried again at once after it has failed', async () => {
    peer.behave(first(({ socket }) => socket.destroy()));
    const patient = openPeer(peer.address, { backoffMs: 150, maxBackoffMs: 300 });
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await fails(patient.tip(), SourceUnavailableError);
      await fails(patient.tip(), SourceUnavailableError);
      const tried = peer.connections();
      expect(await fails(patient.tip(), SourceUnavailableError)).toMatch(/is tried again in \d+ ms/);
      expect(peer.connections()).toBe(tried);
      peer.behave(honest(chain));
      vi.advanceTimersByTime(320);
      expect((await patient.tip()).height).toBe(20);
    } finally {
      vi.useRealTimers();
    }
    await patient.close();
  });

  it('is closed for good, in the middle of an answer too', async () => {
    peer.behave({ message: ({ command }) => command === 'getheaders' });
    const asked = source.tip();
    await sleep(30);
    await source.close();
    expect(await fails(asked, SourceUnavailableError)).toMatch(/is closed/);
    expect(await fails(source.tip(), SourceUnavailableError)).toMatch(/is closed/);
  });
});

it('a long first sync tells how far it has come', async () => {
  const long = mineRun(genesis, 9000);
  const known = honest(long);
  peer.behave({
    ...known,
    message: (message, one) => {
      if (message.command !== 'getheaders') return false;
      setTimeout(() => known.message?.(message, one), 400);
      return true;
    },
  });
  const slow = openPeer(peer.address, { times: { graceMs: 5000 } });
  const seen: number[] = [];
  for (let i = 0; i < 60 && seen.at(-1) !== 9000; i++) {
    const started = performance.now();
    seen.push((await slow.tip()).height);
    expect(performance.now() - started).toBeLessThan(3000);
    await sleep(50);
  }
  expect(seen[0]).toBeLessThan(9000);
  expect(seen.at(-1)).toBe(9000);
  await slow.close();
});

describe('what is asked of it', () => {
  it('is a header that belongs to the checkpoint', () => {
    const checkpoint = { height: 5, hash: chain[4]!.hash, header: chain[5]!.raw };
    expect(() => openPeer(peer.address, { checkpoint })).toThrow(MalformedInputError);
    expect(() => openPeer('no address at all')).toThrow(MalformedInputError);
  });

  it('begins at the checkpoint, whose header need not be asked for', async () => {
    const { hash, raw } = chain[4]!;
    const late = openPeer(peer.address, { checkpoint: { height: 5, hash, header: raw } });
    expect(await late.headers(5, 4)).toEqual(chain.slice(4, 8));
    expect(await fails(late.headers(4, 1), SourceUnavailableError)).toMatch(/nothing below block 5/);
    await late.close();
  });
});
