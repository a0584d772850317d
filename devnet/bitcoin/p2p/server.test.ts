import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transaction } from 'bitcoinjs-lib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BloomFilter } from '../../../adapters/bitcoin/p2p/bloom.js';
import { encodeFrame, FrameDecoder } from '../../../adapters/bitcoin/p2p/frame.js';
import { InventoryType } from '../../../adapters/bitcoin/p2p/inventory.js';
import {
  decodePayload,
  encodePayload,
  type KnownMessage,
  type Message,
} from '../../../adapters/bitcoin/p2p/messages.js';
import { p2pNetwork } from '../../../adapters/bitcoin/p2p/networks.js';
import { readPartialTree } from '../../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { fromHex, toBareHex, ZERO32 } from '../../../proofs/bytes.js';
import { MemoryStore } from '../../../storage/memory.js';
import { honestVersion } from '../../../test/support/hostilePeer.js';
import { PortInUseError } from '../../errors.js';
import { RegtestNode } from '../node.js';
import { type P2pServer, serveP2p } from './server.js';

const { magic } = p2pNetwork('bitcoin-regtest');
let dataDir: string;
let node: RegtestNode;
let server: P2pServer;
const clients: Socket[] = [];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'regtest-p2p-'));
  node = await RegtestNode.open({ dataDir, store: new MemoryStore(), firstBlocks: 104 });
  server = await serveP2p(options(0));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.close();
  await node.close();
  rmSync(dataDir, { recursive: true });
});

const options = (port: number) => ({
  chain: node.chain,
  mempool: node.mempool,
  port,
  onTip: (listener: Parameters<RegtestNode['onTip']>[0]) => node.onTip(listener),
});

/** A bare client: messages out, messages in, in order. */
class Client {
  readonly #inbox: Message[] = [];
  #tell: () => void = () => undefined;
  closed = false;
  readonly socket: Socket;

  constructor() {
    const decoder = new FrameDecoder({ magic });
    this.socket = connect(server.port, '127.0.0.1');
    clients.push(this.socket);
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
      this.#tell();
    });
    this.socket.on('data', (chunk: Uint8Array) => {
      for (const { command, payload } of decoder.push(chunk))
        this.#inbox.push(decodePayload(command, payload ?? new Uint8Array(0)));
      this.#tell();
    });
  }

  send(...messages: KnownMessage[]): this {
    for (const message of messages)
      this.socket.write(encodeFrame(magic, message.command, encodePayload(message)));
    return this;
  }

  /** The next message; `undefined` once the server has closed. */
  async next(): Promise<Message | undefined> {
    while (this.#inbox.length === 0 && !this.closed)
      await new Promise<void>((resolve) => (this.#tell = resolve));
    return this.#inbox.shift();
  }

  async greet(): Promise<this> {
    this.send(honestVersion(), { command: 'verack' });
    expect(await this.next()).toMatchObject({ command: 'version', startHeight: node.chain.tip.height });
    expect(await this.next()).toEqual({ command: 'verack' });
    return this;
  }

  getdata(type: number, ...hashes: Uint8Array[]): this {
    return this.send({ command: 'getdata', entries: hashes.map((hash) => ({ type, hash })) });
  }
}

const block = (height: number) => node.chain.entryAt(height)!;
const getheaders = (locator: Uint8Array[], stop = ZERO32) =>
  ({ command: 'getheaders', version: 70016, locator, stop }) as const;
const received = (message: Message | undefined) =>
  message?.command === 'headers' ? message.headers.map(toBareHex) : message;
const headers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => toBareHex(block(from + i).header));

describe('the regtest node over P2P', () => {
  it('answers pings and questions for headers, by locator, to a stop, by hash, or not at all', async () => {
    const client = await new Client().greet();
    client.send({ command: 'ping', nonce: 77n });
    expect(await client.next()).toEqual({ command: 'pong', nonce: 77n });
    client.send(getheaders([ZERO32, block(100).hash, block(3).hash]));
    expect(received(await client.next())).toEqual(headers(101, 104));
    client.send(getheaders([block(9).hash], block(12).hash));
    expect(received(await client.next())).toEqual(headers(10, 12));
    client.send(getheaders([fromHex('11'.repeat(32))]));
    expect(received(await client.next())).toEqual(headers(1, 104));
    client.send(getheaders([], block(50).hash));
    expect(received(await client.next())).toEqual(headers(50, 50));
    client.send(getheaders([node.chain.tip.hash]));
    expect(received(await client.next())).toEqual([]);
    client.send(getheaders([], ZERO32), { command: 'ping', nonce: 1n });
    expect(await client.next()).toMatchObject({ command: 'pong' });
  });

  it('gives blocks and transactions with and without witnesses, and says what it does not have', async () => {
    const payment = await node.pay(node.wallet.script, 100_000n);
    const [mined] = await node.generate(1, node.wallet.script);
    const client = await new Client().greet();
    client.getdata(InventoryType.witnessBlock, mined!.hash);
    const whole = node.chain.rawBlock(mined!);
    expect(await client.next()).toEqual({ command: 'block', raw: whole });
    client.getdata(InventoryType.block, mined!.hash);
    const bare = await client.next();
    expect(bare?.command === 'block' && bare.raw.length).toBeLessThan(whole.length);
    const txid = payment.tx.getHash();
    client.getdata(InventoryType.witnessTransaction, txid);
    expect(await client.next()).toEqual({ command: 'tx', raw: payment.tx.toBuffer() });
    client.getdata(InventoryType.transaction, txid);
    const stripped = await client.next();
    expect(stripped?.command === 'tx' && Transaction.fromBuffer(stripped.raw).getHash()).toEqual(txid);
    client.getdata(InventoryType.witnessBlock, ZERO32, block(4).hash);
    expect(await client.next()).toMatchObject({ command: 'block' });
    expect(await client.next()).toMatchObject({ command: 'notfound', entries: [{ hash: ZERO32 }] });
  });

  it('announces by hash, and by headers once they are wanted; longer forks by hash', async () => {
    const plain = await new Client().greet();
    const modern = await new Client().greet();
    modern.send({ command: 'sendheaders' }, getheaders([node.chain.tip.hash]));
    expect(received(await modern.next())).toEqual([]);
    const [mined] = await node.generate(1, node.wallet.script);
    expect(await plain.next()).toMatchObject({ command: 'inv', entries: [{ type: 2, hash: mined!.hash }] });
    expect(received(await modern.next())).toEqual([toBareHex(mined!.header)]);
    await node.invalidate(block(95));
    await node.generate(1, node.wallet.script);
    // The branch is shorter than what was told, but longer than what is announced at once is not even tried.
    expect(node.chain.tip.height).toBe(95);
    expect(received(await modern.next())).toEqual([toBareHex(node.chain.tip.header)]);
  });

  it('filters blocks by Bloom filter (BIP37)', async () => {
    const payment = await node.pay(node.wallet.script, 100_000n);
    const [mined] = await node.generate(1, node.wallet.script);
    const client = await new Client().greet();
    client.getdata(InventoryType.filteredBlock, mined!.hash);
    expect(await client.next()).toMatchObject({ command: 'notfound' });
    const filter = BloomFilter.sized(2, 1e-6, 9);
    client.send(filter.message()).getdata(InventoryType.filteredBlock, mined!.hash);
    const none = await client.next();
    expect(none?.command === 'merkleblock' && readPartialTree(none.block).matches).toEqual([]);
    client.send({ command: 'filteradd', data: payment.tx.getHash() });
    client.getdata(InventoryType.filteredBlock, mined!.hash);
    const one = await client.next();
    expect(one?.command === 'merkleblock' && readPartialTree(one.block).matches).toEqual([
      { index: 1, txid: payment.tx.getHash() },
    ]);
    expect(await client.next()).toMatchObject({ command: 'tx' });
    client.send({ command: 'filterclear' }).getdata(InventoryType.filteredBlock, mined!.hash);
    expect(await client.next()).toMatchObject({ command: 'notfound' });
  });

  it('closes at the first thing that is not of the protocol, and answers nothing before the handshake', async () => {
    const silent = new Client().send({ command: 'ping', nonce: 1n });
    await silent.greet();
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      encodeFrame(p2pNetwork('bitcoin-mainnet').magic, 'verack', new Uint8Array(0)),
      encodeFrame(magic, 'inv', Uint8Array.of(7)),
    ]) {
      const client = await new Client().greet();
      client.socket.write(bytes);
      expect(await client.next()).toBeUndefined();
    }
    silent.send({ command: 'ping', nonce: 2n });
    expect(await silent.next()).toEqual({ command: 'pong', nonce: 2n });
  });

  it('cuts who floods it, and lets in 32 at once', async () => {
    // A busy machine may need seconds to send that many, in which some more are allowed: here no time passes.
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const flooder = await new Client().greet();
      const pings = Array.from({ length: 6000 }, () => ({ command: 'ping', nonce: 1n }) as const);
      flooder.send(...pings);
      let pongs = 0;
      while ((await flooder.next()) !== undefined) pongs++;
      expect(pongs).toBeLessThan(5000);
    } finally {
      vi.useRealTimers();
    }
    const guests = await Promise.all(Array.from({ length: 32 }, () => new Client().greet()));
    const late = new Client();
    expect(await late.next()).toBeUndefined();
    guests[5]!.socket.destroy();
    // Until the server has noticed.
    await expect
      .poll(() =>
        new Client().greet().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  it('says that its port is in use', async () => {
    await expect(serveP2p(options(server.port))).rejects.toBeInstanceOf(PortInUseError);
  });
});
