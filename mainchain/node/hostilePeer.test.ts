import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ZERO32 } from '../../proofs/bytes.js';
import { MemoryStore } from '../../storage/memory.js';
import { Cluster } from '../../test/mainchain/cluster.js';
import { encodeFrame, FrameDecoder } from '../network/frames.js';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageBody,
  type MessageName,
  PROTOCOL_VERSION,
} from '../network/messages.js';
import { DEFAULT_PEER_LIMITS } from '../network/peer.js';
import { MainChainNode } from './node.js';

let cluster: Cluster | undefined;
const strangers: Stranger[] = [];
const followers: MainChainNode[] = [];
afterEach(async () => {
  for (const stranger of strangers.splice(0)) stranger.socket.destroy();
  await Promise.all(followers.splice(0).map((follower) => follower.stop()));
  await cluster?.stop();
  cluster = undefined;
});

/** Somebody who reaches a node's peer port and knows the genesis, as anybody does, but has no key. */
class Stranger {
  readonly heard: Message[] = [];
  constructor(readonly socket: Socket) {
    const decoder = new FrameDecoder();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const { code, payload } of decoder.push(chunk)) {
        const message = decodeMessage(code, payload);
        if (message !== undefined) this.heard.push(message);
      }
    });
  }

  static async meet(at: number | MainChainNode) {
    const { address, core } = typeof at === 'number' ? cluster!.node(at) : at;
    const stranger = new Stranger(connect(address.port, address.host));
    strangers.push(stranger);
    await new Promise((resolve) => stranger.socket.once('connect', resolve));
    stranger.send('hello', {
      version: PROTOCOL_VERSION,
      genesisRoot: core.chain.genesisRoot,
      head: nothing,
      finalized: nothing,
      nodeId: crypto.getRandomValues(new Uint8Array(32)),
    });
    return stranger;
  }

  send<N extends MessageName>(name: N, body: MessageBody[N]): void {
    const { code, bytes } = encodeMessage(name, body);
    if (!this.socket.destroyed) this.socket.write(encodeFrame(code, bytes));
  }

  get goodbye(): string {
    const last = this.heard.find(({ name }) => name === 'goodbye');
    return last?.name === 'goodbye' ? new TextDecoder().decode(last.body.reason) : '';
  }
}

const random = () => crypto.getRandomValues(new Uint8Array(32));
const nothing = { height: 0, root: ZERO32 };
/** A question that nobody answers is not given up while a test runs, however busy the machine is. */
const patient = { ...DEFAULT_PEER_LIMITS, requestMilliseconds: 3_600_000 };

describe('a stranger at the peer port', () => {
  it('does not stop the chain by speaking of blocks that it never sends', async () => {
    cluster = await Cluster.start({ nodes: 1, slotMilliseconds: 100, limits: patient });
    await cluster.until(() => cluster!.finalized() >= 2, 'finality');
    const liar = await Stranger.meet(0);
    liar.send('status', { head: { height: 1_000_000, root: random() }, finalized: nothing });
    await cluster.until(() => liar.heard.some(({ name }) => name === 'getBlocks'), 'the question');
    const height = cluster.finalized();
    await cluster.until(() => cluster!.finalized() > height + 4, 'finality while the stranger is silent');
  });

  it('is asked for few blocks at once, and keeps nobody else from being asked', async () => {
    cluster = await Cluster.start({ nodes: 1, slotMilliseconds: 1000, limits: patient });
    const liar = await Stranger.meet(0);
    const height = cluster.node(0).core.engine.head.height + 3;
    for (let i = 0; i < 200; i++)
      liar.send('status', { head: { height, root: random() }, finalized: nothing });
    const asked = (one: Stranger) => one.heard.filter(({ name }) => name === 'getBlocks').length;
    await cluster.until(() => asked(liar) > 0, 'a question to the liar');
    const honest = await Stranger.meet(0);
    honest.send('status', { head: { height, root: random() }, finalized: nothing });
    await cluster.until(() => asked(honest) === 1, 'a question to the other one');
    expect(asked(liar)).toBeLessThanOrEqual(8);
  });

  it('does not make a node deaf to a block by sending it a damaged one first', async () => {
    cluster = await Cluster.start({ nodes: 1, slotMilliseconds: 300 });
    const follower = await MainChainNode.start({
      store: new MemoryStore(),
      genesis: cluster.genesis,
      kinds: [],
      listen: { host: '127.0.0.1', port: 0 },
      peers: [],
    });
    followers.push(follower);
    const [liar, honest] = [await Stranger.meet(follower), await Stranger.meet(follower)];
    const { chain } = cluster.node(0).core;
    await cluster.until(() => chain.head.header.height >= 1, 'a block');
    const block = chain.block(chain.rootAt(1)!)!;
    const signature = block.signature.slice();
    signature[20]! ^= 1;
    liar.send('block', { ...block, signature });
    await cluster.until(() => liar.goodbye.includes('invalid block'), 'the refusal');
    honest.send('block', block);
    await cluster.until(() => follower.core.chain.has(chain.rootAt(1)!), 'the block');
  });

  it('gets blocks at a pace, and no more of its questions wait than a few', async () => {
    cluster = await Cluster.start({ nodes: 1, slotMilliseconds: 100 });
    await cluster.until(() => cluster!.finalized() >= 3, 'blocks');
    const greedy = await Stranger.meet(0);
    const given = () => greedy.heard.filter(({ name }) => name === 'blocks').length;
    // As time passes, more are given: none does, however long a busy machine needs for them.
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      for (let id = 0; id < 3000; id++) greedy.send('getBlocks', { id, from: 1, root: ZERO32, count: 64 });
      await cluster.until(() => greedy.goodbye !== '', 'the refusal');
    } finally {
      vi.useRealTimers();
    }
    expect(greedy.goodbye).toContain('asks for more blocks');
    expect(given()).toBeLessThan(1100);
  });
});
