import { Chain } from '../../mainchain/chain/chain.js';
import { certificateRoot } from '../../mainchain/chain/rules.js';
import { VoteJournal } from '../../mainchain/consensus/journal.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { aggregateSignatures } from '../../mainchain/crypto/signer.js';
import { checkGenesis } from '../../mainchain/genesis/check.js';
import { encodeFrame, FrameDecoder } from '../../mainchain/network/frames.js';
import {
  decodeMessage,
  encodeMessage,
  IntroductionType,
  MESSAGES,
  type Message,
  type MessageBody,
  type MessageName,
  PROTOCOL_VERSION,
} from '../../mainchain/network/messages.js';
import type { Peer } from '../../mainchain/network/peer.js';
import { Core } from '../../mainchain/node/core.js';
import { Gossip } from '../../mainchain/node/gossip.js';
import { MemoryKeys } from '../../mainchain/node/keys.js';
import { VoteLock } from '../../mainchain/node/lock.js';
import { silentLogger } from '../../mainchain/node/logger.js';
import { noMetrics } from '../../mainchain/node/metrics.js';
import { TransactionPool } from '../../mainchain/node/pool.js';
import { ConsensusRecords } from '../../mainchain/node/records.js';
import { Syncer } from '../../mainchain/node/sync.js';
import { bytesEqual, concatBytes, toBareHex } from '../../proofs/bytes.js';
import { VoteDataType } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { EvidenceKind } from '../../proofs/containers/evidence.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { type SignedBlock, TransactionsType } from '../../proofs/containers/transaction.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { MemoryStore } from '../../storage/memory.js';
import { transferCall } from '../mainchain/calls.js';
import { GENESIS_TIME, World } from '../mainchain/world.js';
import type { FuzzTarget } from './harness.js';

const world = await World.create();
const blocks: SignedBlock[] = [];
for (let i = 0; i < 6; i++) {
  const certificate = i === 4 ? { certificate: world.certificate(2, 3) } : {};
  const transactions = i === 5 ? [world.transaction(transferCall(world.user.account, 5n))] : [];
  blocks.push((await world.produce({ transactions, ...certificate })).block);
}
const { genesisRoot } = world.chain;
const delegates = world.delegates.map(({ account, keys }) => ({ account, bls: keys[0] }));
const refs = [0, 1, 2, 3, 4, 5, 6].map((height) => ({
  height,
  root: world.chain.rootAt(height) ?? genesisRoot,
}));
const [genesisRef, , , third, fourth, fifth, sixth] = refs;
if (
  genesisRef === undefined ||
  third === undefined ||
  fourth === undefined ||
  fifth === undefined ||
  sixth === undefined
)
  throw new Error('no blocks');
/** Four blocks of six are known to the node. */
const KNOWN = 4;
const hello = {
  ...{ version: PROTOCOL_VERSION, genesisRoot, head: fourth, finalized: genesisRef },
  nodeId: new Uint8Array(32).fill(1),
};

/** A node without sockets that is told messages. What would stop it is a finding. */
async function startNode() {
  const store = new MemoryStore();
  const chain = await Chain.open(store, world.genesis, { bls: blstBls, kinds: [] });
  const core = await Core.open({
    ...{ chain, logger: silentLogger, metrics: noMetrics, records: new ConsensusRecords(store) },
    crypto: { ...blstBls, aggregate: aggregateSignatures },
    now: () => GENESIS_TIME + 7000,
  });
  for (const block of blocks.slice(0, KNOWN)) await core.importBlock(block);
  const [own] = delegates;
  if (own?.bls === undefined) throw new Error('no delegate');
  const keys = new MemoryKeys(own.account, [own.bls]);
  const lock = new VoteLock(core, VoteJournal.open(store), own.account.account, silentLogger, noMetrics);
  const failures: unknown[] = [];
  const gossip = new Gossip({
    ...{ core, keys, lock, logger: silentLogger, pool: new TransactionPool(chain) },
    syncer: new Syncer(core, silentLogger),
    fail: (error) => void failures.push(error),
  });
  return { core, gossip, failures };
}

class FakePeer {
  closed = false;
  readonly address = 'fuzz';
  readonly hello = hello;
  readonly ownHello = { ...hello, nodeId: new Uint8Array(32).fill(2) };
  /** What it is asked for it answers once. */
  constructor(readonly answers: SignedBlock[]) {}
  disconnect(): void {
    this.closed = true;
  }
  send<N extends MessageName>(name: N, body: MessageBody[N]): void {
    encodeMessage(name, body);
  }
  async getBlocks(): Promise<SignedBlock[]> {
    return this.answers.splice(0);
  }
}

const node = await startNode();

async function tell(message: Message, answers: SignedBlock[] = []): Promise<void> {
  const { core, gossip, failures } = node;
  const peer = new FakePeer(answers);
  gossip.receive(peer as unknown as Peer, message);
  for (let i = 0; i < 3; i++) {
    await core.idle();
    await new Promise(setImmediate);
  }
  const [failure] = failures.splice(0);
  if (failure !== undefined) throw new Error('the node would stop', { cause: failure });
  if (peer.closed) throw new MalformedInputError('message', 'ended the connection');
}

function decode(name: MessageName, input: Uint8Array): Message {
  try {
    const read = decodeMessage(MESSAGES[name].code, input);
    if (read !== undefined) return read;
  } catch (error) {
    // What a peer makes of it, whatever the SSZ library throws.
    throw new MalformedInputError('message', 'is malformed', error);
  }
  throw new Error('an unknown message');
}

function signBlock(signed: SignedBlock): SignedBlock {
  const { block } = signed;
  const header = {
    ...block.header,
    transactionsRoot: TransactionsType.hashTreeRoot(block.transactions),
    certificateRoot: certificateRoot(block.certificates[0]),
  };
  const signer = delegates[header.producer]?.bls ?? delegates[0]?.bls;
  const signature = signer?.sign(signingRoot(MainHeaderType, header, 'block', genesisRoot));
  return { block: { ...block, header }, signature: signature ?? signed.signature };
}

/** As a delegate, or an account with money, would send it: signed, whatever it says. */
function sign(message: Message): Message {
  switch (message.name) {
    case 'block':
      return { name: 'block', body: signBlock(message.body) };
    case 'vote': {
      const { vote, index } = message.body;
      const digest = signingRoot(VoteDataType, vote, 'vote', genesisRoot);
      const signature = delegates[index % delegates.length]?.bls?.sign(digest) ?? message.body.signature;
      return { name: 'vote', body: { ...message.body, signature } };
    }
    case 'certificate': {
      const digest = signingRoot(VoteDataType, message.body.vote, 'vote', genesisRoot);
      const signatures = delegates.flatMap(({ bls }, i) => {
        const has = i < message.body.bits.bitLen && message.body.bits.get(i);
        return has && bls !== undefined ? [bls.sign(digest)] : [];
      });
      if (signatures.length === 0) return message;
      return { name: 'certificate', body: { ...message.body, signature: aggregateSignatures(signatures) } };
    }
    case 'transaction': {
      const { transaction } = message.body;
      return {
        name: 'transaction',
        body: world.user.sign({ ...transaction, sender: world.user.account }, genesisRoot),
      };
    }
    case 'identity': {
      const { account } = message.body;
      const digest = signingRoot(
        IntroductionType,
        { from: hello.nodeId, to: new Uint8Array(32).fill(2), head: hello.head },
        'peer',
        genesisRoot,
      );
      const signer = delegates.find((one) => bytesEqual(one.account.account, account));
      const signature = signer?.bls?.sign(digest) ?? message.body.signature;
      return { name: 'identity', body: { ...message.body, signature } };
    }
    default:
      return message;
  }
}

/** Signed anew where it can be written: a number beyond 2^53 cannot. */
function signed(message: Message): Message {
  try {
    return sign(message);
  } catch (error) {
    throw new MalformedInputError('message', 'cannot be signed', error);
  }
}

const noVote = { genesisRoot, term: 0, setRoot: world.certificate(2, 3).vote.setRoot };
const vote = { ...noVote, source: third, target: fourth };
const [last] = blocks.slice(-1);
if (last === undefined) throw new Error('no block');
const one = delegates[1]?.account.account ?? genesisRoot;
const transfer = world.transaction(transferCall(one, 7n));
const signature = new Uint8Array(96);
const seeds: readonly Message[] = [
  { name: 'hello', body: hello },
  { name: 'identity', body: { account: one, setRoot: vote.setRoot, signature } },
  { name: 'status', body: { head: fifth, finalized: genesisRef } },
  { name: 'block', body: blocks[KNOWN] ?? last },
  { name: 'vote', body: { vote, index: 1, signature } },
  { name: 'certificate', body: world.certificate(3, 4) },
  { name: 'transaction', body: transfer },
  { name: 'getBlocks', body: { id: 1, from: 1, root: new Uint8Array(32), count: 9 } },
  { name: 'getBlocks', body: { id: 1, from: 0, root: fourth.root, count: 3 } },
  { name: 'blocks', body: { id: 1, blocks: blocks.slice(KNOWN) } },
  { name: 'goodbye', body: { reason: Uint8Array.of(0x61) } },
  {
    name: 'evidence',
    body: { kind: EvidenceKind.doubleVote, votes: [{ vote, index: 1, signature }], headers: [] },
  },
];
const encoded = (message: Message) => encodeMessage(message.name, message.body as never);
const bytesOf = (message: Message) => encoded(message).bytes;
/** Those that do something in a node, beyond the peer's own. */
const HEARD = ['identity', 'status', 'block', 'vote', 'certificate', 'transaction', 'getBlocks'] as const;

/** What peers of the main chain send: as bytes, and into a node, some of it signed by delegates. */
export const messageTargets: readonly FuzzTarget[] = [
  ...[...new Set(seeds.map(({ name }) => name))].map(
    (name): FuzzTarget => ({
      name: `message: ${name}`,
      seeds: seeds.filter((message) => message.name === name).map(bytesOf),
      maxBytes: 8192,
      run: (input) => void decode(name, input),
    }),
  ),
  {
    name: 'stream of frames',
    seeds: [concatBytes(...seeds.map((message) => encodeFrame(encoded(message).code, bytesOf(message))))],
    maxBytes: 16_384,
    run(input) {
      const decoder = new FrameDecoder();
      const cut = input.length >> 1;
      const frames = [...decoder.push(input.subarray(0, cut)), ...decoder.push(input.subarray(cut))];
      for (const { payload } of frames) if (payload.length > input.length) throw new Error('more than came');
    },
  },
  ...HEARD.flatMap((name): FuzzTarget[] => {
    const own = seeds.filter((message) => message.name === name);
    return [
      {
        name: `${name} into a node`,
        share: 0.05,
        seeds:
          name === 'identity' || name === 'vote'
            ? own.map((message) => bytesOf(sign(message)))
            : own.map(bytesOf),
        maxBytes: 8192,
        run: (input) => tell(decode(name, input)),
      },
      {
        name: `${name} into a node, signed`,
        share: 0.02,
        seeds: own.map(bytesOf),
        maxBytes: 8192,
        run: (input) => tell(signed(decode(name, input))),
      },
    ];
  }),
  {
    name: 'blocks that a node asked for',
    share: 0.02,
    seeds: seeds.filter(({ name }) => name === 'blocks').map(bytesOf),
    maxBytes: 16_384,
    run(input) {
      const { body } = decode('blocks', input) as Extract<Message, { name: 'blocks' }>;
      const head = input.length % 2 === 0 ? sixth : { ...sixth, height: 100 };
      return tell({ name: 'status', body: { head, finalized: genesisRef } }, [...body.blocks]);
    },
  },
  {
    name: 'genesis',
    share: 0.02,
    seeds: [GenesisType.serialize(world.genesis)],
    run(input) {
      let read: ReturnType<typeof GenesisType.deserialize>;
      try {
        read = GenesisType.deserialize(input);
      } catch (error) {
        throw new MalformedInputError('input', 'is no genesis', error);
      }
      checkGenesis(read, blstBls);
      if (toBareHex(GenesisType.serialize(read)) !== toBareHex(input)) throw new Error('a second encoding');
    },
  },
];
