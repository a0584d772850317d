import type { IndexedHeader } from '../../../indexers/store/indexStore.js';
import { bytesEqual, fromHex, utf8 } from '../../../proofs/bytes.js';
import { sha256 } from '../../../proofs/hash/hasher.js';
import { FakeIndex, FakeIndexed } from './fakeIndex.js';

/** A hash that depends on a name. */
export const named = (name: string): Uint8Array => sha256(utf8(name));
export const account = (name: string): Uint8Array => named(name).slice(0, 20);

/** BIP173's example: its script, and its address on regtest. */
export const SCRIPT = fromHex('0014751e76e8199196d454941c45d1b3a323f1433bd6');
export const ADDRESS = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
export const TRANSFER = named('Transfer');

type Header = Omit<IndexedHeader, 'canonical' | 'number'>;

function header(chain: string, height: number, branch: string, parent: Uint8Array): Header {
  const hash = named(`${chain} ${branch} ${height}`);
  return {
    height,
    hash,
    parentHash: parent,
    time: 1_700_000_000 + height * 600,
    raw: named(`raw ${height}`),
  };
}

/** Twenty blocks from height 100 on, the last two of them undone and replaced by three: 25 events. */
function grow(chain: string): { state: FakeIndexed; blocks: Header[]; lost: Header[] } {
  const state = new FakeIndexed();
  const connect = (height: number, branch: string): Header => {
    const before = state.events.findLast(({ header: one }) => one.height === height - 1 && !gone.has(one));
    const block = header(chain, height, branch, before?.header.hash ?? new Uint8Array(32));
    state.events.push({ type: 'connect', header: block });
    return block;
  };
  const gone = new Set<Header>();
  const first = Array.from({ length: 20 }, (_, i) => connect(100 + i, 'a'));
  const lost = first.slice(-2);
  for (const block of [...lost].reverse()) {
    gone.add(block);
    state.events.push({ type: 'disconnect', header: block });
  }
  const kept = [...first.slice(0, -2), ...[118, 119, 120].map((height) => connect(height, 'b'))];
  return { state, blocks: kept, lost };
}

const at = (block: Header, position: number) => ({
  height: block.height,
  blockHash: block.hash,
  time: block.time,
  canonical: false,
  position,
});

function bitcoin(): FakeIndexed {
  const { state, blocks, lost } = grow('bitcoin');
  for (const block of [...blocks, ...lost]) {
    // The transaction called `both` is in the lost block of height 119 and in the one that replaced it.
    const names =
      block.height === 119 ? ['both'] : [`paid ${block.height} ${bytesEqual(block.hash, named('x'))}`];
    for (const [i, name] of names.entries()) {
      const txid = named(name);
      state.transactions.push({
        kind: 'bitcoin',
        hash: txid,
        wtxid: named(`witness ${name}`),
        version: -1,
        lockTime: 4_294_967_295,
        coinbase: false,
        size: 200,
        weight: 600,
        inputs: 1,
        outputs: 1,
        value: 2_100_000_000_000_000n,
        raw: utf8(`raw ${name}`),
        ...at(block, i),
      });
      state.outputs.push({
        txid,
        vout: 0,
        value: 2_100_000_000_000_000n,
        script: SCRIPT,
        kind: 'witness_v0_keyhash',
        coinbase: false,
        ...at(block, i),
      });
    }
  }
  const [spending] = blocks.slice(-1);
  if (spending !== undefined) {
    state.spends.push({
      txid: named('paid 120 false'),
      vin: 0,
      outpoint: { txid: named('paid 100 false'), vout: 0 },
      sequence: 0xffff_fffe,
      scriptSig: new Uint8Array(),
      witness: [Uint8Array.of(1, 2), new Uint8Array()],
      ...at(spending, 0),
    });
  }
  return state;
}

function ethereum(): FakeIndexed {
  const { state, blocks, lost } = grow('ethereum');
  for (const block of [...blocks, ...lost]) {
    const hash = named(`call ${block.height}`);
    const common = { ...at(block, 0), type: 2, from: account('alice'), to: account('token') };
    const created = undefined;
    state.transactions.push({
      kind: 'ethereum',
      hash,
      nonce: 2n ** 64n - 2n,
      value: 10n ** 30n,
      gas: 21_000n,
      maxFeePerGas: 3n,
      maxPriorityFeePerGas: 2n,
      maxFeePerBlobGas: undefined,
      effectiveGasPrice: 3n,
      input: Uint8Array.of(),
      raw: utf8('raw'),
      created,
      ...common,
    });
    state.receipts.push({
      transactionHash: hash,
      succeeded: true,
      stateRoot: undefined,
      gasUsed: 21_000n,
      cumulativeGasUsed: 21_000n,
      effectiveGasPrice: 3n,
      logs: 2,
      created,
      ...common,
    });
    for (const logIndex of [0, 1]) {
      state.logs.push({
        transactionHash: hash,
        logIndex,
        blockLogIndex: logIndex,
        address: account(logIndex === 0 ? 'token' : 'other'),
        topics: logIndex === 0 ? [TRANSFER, named('from'), named(`to ${block.height % 2}`)] : [],
        data: utf8(`data ${block.height}`),
        ...at(block, 0),
      });
    }
  }
  return state;
}

/** An index of two chains with everything in it that can be asked for. */
export function fakeWorld(): FakeIndex {
  const index = new FakeIndex();
  const chains = { 'bitcoin-regtest': bitcoin(), 'ethereum-local': ethereum() };
  for (const [chain, state] of Object.entries(chains)) {
    index.chains.set(chain, state);
    const tipHash = state.events.at(-1)?.header.hash ?? new Uint8Array(32);
    for (const mainHeight of [3, 2, 1]) {
      state.commitments.push({
        chain,
        mainHeight,
        mainRoot: named(`main ${mainHeight}`),
        status: 1,
        epoch: 1,
        start: 100,
        size: 10 + mainHeight,
        historyRoot: named('history'),
        tipHeight: 120,
        tipHash,
        reorgCount: 1,
        policyVersion: 1,
      });
    }
    state.evidence.push({
      chain,
      id: named('evidence'),
      kind: 'invalid-header',
      source: 'liar',
      height: 110,
      hash: '',
      message: 'breaks a rule',
      raw: '00ff',
      seen: 1_700_000_000,
    });
    state.sources.push({
      source: 'a',
      time: 1_700_000_000,
      samples: 3,
      healthy: 2 / 3,
      score: 80,
      latencyMs: 1.2345,
      maxLatencyMs: 3,
      tipHeight: undefined,
    });
    state.lags.push({
      stream: 'headers',
      time: 1_700_000_000,
      samples: 2,
      events: 1.5,
      maxEvents: 2,
      maxSeconds: 0.5,
    });
    state.statistics.push({
      time: 0,
      blocks: 21,
      transactions: 21,
      outputs: 21,
      inputs: 1,
      value: 2n ** 70n,
      bytes: 4200,
      weight: 600,
      gasUsed: 0n,
      logs: 42,
    });
    index.proofs.push({
      chain,
      kind: 'tx',
      subject: 'ab',
      height: 1,
      mainHeight: 2,
      bytes: 3,
      milliseconds: 4.5,
      time: 1_700_000_000_000,
    });
  }
  for (const height of [3, 2, 1]) {
    const root = named(`main ${height}`);
    const parentRoot = named(`main ${height - 1}`);
    index.main.push({ height, root, parentRoot, slot: height, term: 0, producer: 1, header: named('h') });
    index.certified.push({
      mainHeight: height,
      mainRoot: root,
      term: 0,
      signers: 3,
      bits: Uint8Array.of(0x17),
      signature: new Uint8Array(96),
      verified: height < 3,
    });
  }
  return index;
}
