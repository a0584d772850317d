import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { utf8, ZERO32 } from '../../proofs/bytes.js';
import { silentLogger } from '../node/logger.js';
import { encodeFrame, FrameDecoder } from './frames.js';
import { SeenCache, TokenBucket } from './limits.js';
import { decodeMessage, encodeMessage, type Hello, type Message, PROTOCOL_VERSION } from './messages.js';
import { type Address, PeerNetwork } from './network.js';
import { DEFAULT_PEER_LIMITS, type Peer, type PeerLimits } from './peer.js';

const open: PeerNetwork[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((n) => n.stop()));
});

const hello = (id: number, more: Partial<Hello> = {}): Hello => ({
  version: PROTOCOL_VERSION,
  genesisRoot: ZERO32,
  head: { height: 0, root: ZERO32 },
  finalized: { height: 0, root: ZERO32 },
  nodeId: new Uint8Array(32).fill(id),
  ...more,
});

async function network(
  own: Hello,
  more: { peers?: { readonly address: Address }[]; limits?: PeerLimits; maxPeers?: number } = {},
) {
  const messages: Message[] = [];
  const peers: Peer[] = [];
  const gone: Peer[] = [];
  const net = await PeerNetwork.start({
    listen: { host: '127.0.0.1', port: 0 },
    peers: (more.peers ?? []).map((n) => n.address),
    ...(more.limits ? { limits: more.limits } : {}),
    ...(more.maxPeers ? { maxPeers: more.maxPeers } : {}),
    logger: silentLogger,
    hello: () => own,
    onPeer: (peer) => peers.push(peer),
    onMessage: (_, message) => messages.push(message),
    onGone: (peer) => gone.push(peer),
    backoff: [20, 100],
  });
  open.push(net);
  return { net, messages, peers, gone };
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 90_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('nothing happened in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A raw connection that says `bytes`, and what it is told before the other side hangs up. */
async function say(net: PeerNetwork, ...frames: Uint8Array[]): Promise<string> {
  const socket = connect(net.address.port, net.address.host);
  sockets.push(socket);
  const decoder = new FrameDecoder();
  let reason = '';
  socket.on('data', (chunk) => {
    for (const { code, payload } of decoder.push(chunk)) {
      const message = decodeMessage(code, payload);
      if (message?.name === 'goodbye') reason = new TextDecoder().decode(message.body.reason);
    }
  });
  for (const frame of frames) socket.write(frame);
  await new Promise((resolve) => socket.once('close', resolve));
  return reason;
}

function frame<N extends Parameters<typeof encodeMessage>[0]>(
  name: N,
  body: Parameters<typeof encodeMessage<N>>[1],
) {
  const { code, bytes } = encodeMessage(name, body);
  return encodeFrame(code, bytes);
}

describe('frames', () => {
  it('survive any cutting of the stream', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 50 })), { maxLength: 8 }),
        fc.integer({ min: 1, max: 20 }),
        (frames, step) => {
          const stream = Buffer.concat(frames.map(([code, payload]) => encodeFrame(code, payload)));
          const decoder = new FrameDecoder();
          const out: [number, Uint8Array][] = [];
          for (let at = 0; at < stream.length; at += step) {
            for (const { code, payload } of decoder.push(stream.subarray(at, at + step)))
              out.push([code, Uint8Array.from(payload)]);
          }
          expect(out).toEqual(frames);
        },
      ),
    );
  });

  it('have a limit', () => {
    expect(() => new FrameDecoder(10).push(encodeFrame(1, new Uint8Array(11)))).toThrow('exceeds the limit');
  });

  it('decode to a message or to a plain error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.nat(13), fc.uint8Array({ maxLength: 400 }), (code, bytes) => {
        try {
          decodeMessage(code, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

describe('peers', () => {
  it('meet, speak, and meet again after a restart', async () => {
    const a = await network(hello(1));
    const b = await network(hello(2), { peers: [a.net] });
    await until(() => a.peers.length === 1 && b.peers.length === 1);
    b.net.broadcast('status', { head: { height: 7, root: ZERO32 }, finalized: { height: 6, root: ZERO32 } });
    await until(() => a.messages.length === 1);
    expect(a.messages[0]).toMatchObject({ name: 'status', body: { head: { height: 7 } } });
    a.peers[0]!.disconnect('for the test');
    await until(() => b.peers.length === 2);
    expect(b.gone).toHaveLength(1);
  });

  it('keep one connection when both dial', async () => {
    const a = await network(hello(1));
    const b = await network(hello(2), { peers: [a.net] });
    await network(hello(3), { peers: [a.net, b.net] });
    await until(() => a.net.peers.length === 2 && b.net.peers.length === 2);
    const twice = await network(hello(4), { peers: [a.net, a.net] });
    await until(() => a.net.peers.length === 3 && twice.net.peers.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(twice.net.peers).toHaveLength(1);
  });

  it('are told why they are sent away', async () => {
    // Five messages, however long they take.
    const limits = { ...DEFAULT_PEER_LIMITS, messages: [0, 5] as const, helloMilliseconds: 90_000 };
    const { net, messages } = await network(hello(1), { limits });
    const { net: hasty } = await network(hello(2), { limits: { ...limits, helloMilliseconds: 200 } });
    const ok = frame('hello', hello(9));
    expect(
      await say(net, frame('hello', hello(9, { genesisRoot: new Uint8Array(32).fill(0xab) }))),
    ).toContain('wrong genesis 0xabab');
    expect(await say(net, frame('hello', hello(9, { version: 99 })))).toContain('protocol version 99');
    expect(await say(net, frame('hello', hello(1)))).toContain('connected to itself');
    expect(await say(net, ok, ok)).toContain('says hello twice');
    expect(await say(net, frame('goodbye', { reason: utf8('x') }))).toBe('');
    const status = frame('status', { head: hello(1).head, finalized: hello(1).head });
    expect(await say(net, status)).toContain('speaks before its hello');
    expect(await say(net, ok, encodeFrame(3, new Uint8Array(3)))).toContain('malformed message 3');
    expect(await say(net, ok, encodeFrame(200, new Uint8Array(3)))).toContain('unknown message 200');
    expect(await say(net, ok, Uint8Array.of(0xff, 0, 0, 0, 1))).toContain('exceeds the limit');
    expect(await say(net, ok, ...Array.from({ length: 8 }, () => status))).toContain('too many messages');
    expect(await say(hasty)).toContain('no hello in time');
    expect(messages.every((m) => m.name === 'status')).toBe(true);
  });

  it('are limited in number', async () => {
    const a = await network(hello(1), { maxPeers: 1 });
    await network(hello(2), { peers: [a.net] });
    await until(() => a.net.peers.length === 1);
    expect(await say(a.net, frame('hello', hello(3)))).toContain('too many peers');
  });

  it('keep places for the addresses of configured peers, however many strangers come', async () => {
    // All of 127.0.0.0/8 is this machine. Nobody listens at the configured port: the other side dials.
    const configured = { address: { host: '127.0.0.2', port: 1 } };
    const { net } = await network(hello(1), { maxPeers: 3, peers: [configured] });
    const come = async (id: number, localAddress: string, speaks = true) => {
      const socket = connect({ port: net.address.port, host: net.address.host, localAddress });
      sockets.push(socket);
      socket.on('error', () => undefined).on('data', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      if (speaks) socket.write(frame('hello', hello(id)));
      return socket;
    };
    for (let id = 2; id < 12; id++) await come(id, '127.0.0.1');
    for (let id = 12; id < 30; id++) await come(id, '127.0.0.1', false);
    await until(() => net.peers.length === 2);
    await come(40, '127.0.0.2');
    await until(() => net.peers.length === 3);
  });

  it('report a port in use', async () => {
    const a = await network(hello(1));
    const options = {
      peers: [],
      logger: silentLogger,
      hello: () => hello(2),
      onPeer: () => undefined,
      onMessage: () => undefined,
    };
    await expect(PeerNetwork.start({ ...options, listen: a.net.address })).rejects.toThrow(
      'the port is in use',
    );
  });
});

describe('limits', () => {
  it('let through a rate and a burst', () => {
    const bucket = new TokenBucket(10, 5, 0);
    expect([1, 2, 3, 4, 5, 6].map(() => bucket.take(1, 0))).toEqual([true, true, true, true, true, false]);
    expect(bucket.take(1, 100)).toBe(true);
    expect(bucket.take(1, 100)).toBe(false);
  });

  it('forget the oldest', () => {
    const seen = new SeenCache(2);
    expect([
      seen.add('a'),
      seen.add('a'),
      seen.add('b'),
      seen.add('c'),
      seen.has('a'),
      seen.has('c'),
    ]).toEqual([true, false, true, true, false, true]);
  });
});
