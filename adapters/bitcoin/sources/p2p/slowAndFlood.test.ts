import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../../../proofs/bytes.js';
import { useFastHasher } from '../../../../proofs/hash/fast.js';
import {
  type Behaviour,
  first,
  type HostilePeer,
  startHostilePeer,
  type Victim,
} from '../../../../test/support/hostilePeer.js';
import {
  fails,
  frame,
  frameHeader,
  genesis,
  headersMessage,
  honest,
  magic,
  mineRun,
  openPeer,
  raws,
  recoveredTip,
  SHORT_TIMES,
} from '../../../../test/support/p2p.js';
import { SourceFaultError, SourceUnavailableError } from '../../../errors.js';
import type { ForeignHeader } from '../../../types.js';
import { encodeFrame } from '../../p2p/frame.js';
import { Services } from '../../p2p/version.js';
import type { P2pSource } from '../p2p.js';

const BLOOM = Services.network | Services.witness | Services.bloom;

let chain: ForeignHeader[];
let peer: HostilePeer;
let source: P2pSource;

beforeAll(() => {
  useFastHasher();
  chain = mineRun(genesis, 30);
});
beforeEach(async () => {
  peer = await startHostilePeer();
  source = openPeer(peer.address, { times: SHORT_TIMES });
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

async function eventually(holds: () => boolean): Promise<void> {
  await expect.poll(holds).toBe(true);
}

/** One byte after another, slowly. */
async function trickle(victim: Victim, bytes: Uint8Array): Promise<void> {
  for (let i = 0; i < bytes.length && !victim.socket.destroyed; i++) {
    victim.raw(bytes.subarray(i, i + 1));
    await sleep(15);
  }
}
describe('a peer that does not answer is cut, and survived', () => {
  it.each<[string, Behaviour, RegExp]>([
    ['that says nothing', first(() => undefined), /gave no version within 400 ms/],
    [
      'that does not acknowledge',
      {
        message: (message, victim) => {
          if (message.command === 'version') victim.send({ ...message, nonce: 5n, services: 9n });
          return true;
        },
      },
      /gave no verack within 400 ms/,
    ],
    [
      'that answers nothing after the handshake',
      { message: ({ command }) => command !== 'version' && command !== 'verack' },
      /gave no (headers|pong) within 500 ms/,
    ],
    [
      'that answers pings alone',
      { message: ({ command }) => command === 'getheaders' },
      /does not answer a question for headers/,
    ],
    ['that closes at once', first((v) => v.socket.destroy()), /closed the connection|ECONNRESET/],
    [
      'that closes after the handshake',
      {
        message: ({ command }, { socket }) => {
          if (command === 'getheaders') socket.end();
          return command === 'getheaders';
        },
      },
      /closed the connection$/,
    ],
    [
      'that closes within a message',
      {
        ready: (v) => {
          v.raw(concatBytes(frameHeader('headers', 5000), new Uint8Array(100)));
          v.socket.end();
        },
      },
      /closed the connection within 100 of 5000 bytes of headers/,
    ],
    [
      'that trickles its version',
      first((v) => void trickle(v, frameHeader('version', 100))),
      /sends too slowly: a part of a header after 150 ms/,
    ],
    [
      'that trickles headers',
      {
        message: ({ command }, victim) => {
          if (command === 'getheaders')
            void trickle(victim, encodeFrame(magic, 'headers', new Uint8Array(900)));
          return command !== 'version' && command !== 'verack';
        },
      },
      /sends too slowly: a part of a header after 150 ms/,
    ],
  ])('%s', async (_, behaviour, words) => {
    peer.behave(behaviour);
    const started = performance.now();
    expect(await fails(source.check(), SourceUnavailableError)).toMatch(words);
    expect(performance.now() - started).toBeLessThan(5000);
    await recovers();
  });

  it('that answers no ping', async () => {
    peer.behave(honest(chain));
    const quick = openPeer(peer.address, { times: { ...SHORT_TIMES, pingMs: 40, pongMs: 1000 } });
    await quick.check();
    await eventually(() => quick.peer?.latencyMs !== undefined);
    peer.behave({ message: ({ command }) => command === 'ping' });
    await eventually(() => quick.peer === undefined);
    await quick.close();
  });

  it('that is not there, or whose name is not', async () => {
    const { address } = peer;
    await peer.close();
    expect(await fails(source.check(), SourceUnavailableError)).toMatch(/cannot be reached \(ECONNREFUSED\)/);
    const nobody = openPeer(peer.address, { address: 'no-such-host.invalid' });
    expect(await fails(nobody.check(), SourceUnavailableError)).toMatch(/name that does not resolve/);
    expect(address).toMatch(/^127/);
  });
});

describe('a peer that floods us is cut, and survived', () => {
  const hashes = Array.from({ length: 50_000 }, (_, i) => ({
    type: 2,
    hash: new Uint8Array(32).fill(i & 0xff),
  }));
  it.each<[string, () => Uint8Array, RegExp]>([
    ['with pings', () => frame({ command: 'ping', nonce: 1n }), /floods us with messages .* ping/],
    ['with inventories', () => frame({ command: 'inv', entries: hashes }), /floods us with bytes .* inv/],
    ['with addresses', () => encodeFrame(magic, 'addrv2', new Uint8Array(30_000)), /floods us .* addrv2/],
    [
      'with transactions',
      () => encodeFrame(magic, 'tx', new Uint8Array(400)),
      /floods us with messages .* tx/,
    ],
    [
      'with what it invented',
      () => encodeFrame(magic, 'x', new Uint8Array(9)),
      /floods us with messages .* x/,
    ],
    [
      'with announcements of nowhere',
      () => frame(headersMessage(raws(chain.slice(9, 10)))),
      /floods us with messages .* headers/,
    ],
  ])('%s', async (_, one, words) => {
    const bytes = one();
    peer.behave({
      ...honest(chain),
      ready: ({ socket, raw }) => {
        const more = () => {
          for (let i = 0; i < 50 && !socket.destroyed; i++) raw(bytes);
          if (!socket.destroyed) setImmediate(more);
        };
        more();
      },
    });
    let message = '';
    for (let tries = 0; tries < 200 && message === ''; tries++) {
      await source.tip().catch((error: Error) => {
        if (error instanceof SourceFaultError) message = error.message;
      });
      await sleep(5);
    }
    expect(message).toMatch(words);
    await recovers();
  });

  it('with what it does not have and nobody asked for, while it is searched', async () => {
    const bytes = frame({ command: 'notfound', entries: hashes });
    peer.behave({
      ...honest(chain),
      version: () => ({ startHeight: chain.length, services: BLOOM }),
      message: (message, victim) => {
        if (message.command !== 'getdata') return honest(chain).message?.(message, victim) ?? false;
        const more = () => {
          if (victim.socket.destroyed) return;
          if (victim.socket.write(bytes)) setImmediate(more);
          else victim.socket.once('drain', more);
        };
        more();
        return true;
      },
    });
    const patient = openPeer(peer.address);
    const search = patient.findTransaction(new Uint8Array(32));
    expect(await fails(search, SourceFaultError)).toMatch(/floods us with bytes .* notfound/);
    await patient.close();
  });

  it('with headers of little work without end, in bounded memory', async () => {
    let tip = genesis;
    let sent = 0;
    peer.behave({
      message: (message, victim) => {
        if (message.command !== 'getheaders') return false;
        const more = mineRun(tip, 2000);
        tip = more.at(-1)!;
        sent += more.length;
        victim.send(headersMessage(raws(more)));
        return true;
      },
    });
    const bounded = openPeer(peer.address, { maxHeaders: 7000, cachedHeaders: 100 });
    let message = '';
    for (let tries = 0; tries < 100 && message === ''; tries++) {
      message = await bounded.tip().then(
        () => '',
        (error: Error) => error.message,
      );
      await sleep(20);
    }
    expect(message).toMatch(/names more blocks than bitcoin-regtest can have by now/);
    expect(sent).toBe(8000);
    await bounded.close();
  });
});
