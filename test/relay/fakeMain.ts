import type { ForeignHeader } from '../../adapters/types.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { BlsSigner } from '../../mainchain/crypto/signer.js';
import {
  NodeUnavailableError,
  NotCommittedError,
  TransactionRefusedError,
} from '../../mainchain/rpc/errors.js';
import type {
  ChainState,
  DelegateSignature,
  MainChainClient,
  NodeStatus,
} from '../../mainchain/rpc/types.js';
import { bytesEqual, toBareHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import {
  type Attest,
  AttestType,
  CommitAttestedType,
  type GovernanceAction,
  GovernanceActionType,
  GovernedCallType,
  RegistrationType,
  SubmitHeadersType,
} from '../../proofs/containers/calls.js';
import { ChainStatus, type Commitment, type Reorg } from '../../proofs/containers/commitment.js';
import { DelegateSetType, quorum } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { type Genesis, GenesisType } from '../../proofs/containers/genesis.js';
import { MainHeaderType } from '../../proofs/containers/header.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import {
  Method,
  type Receipt,
  type SignedTransaction,
  TransactionType,
} from '../../proofs/containers/transaction.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { committableUpTo } from '../../timing/policy.js';
import { splitHeaders } from './fakeForeign.js';

interface Foreign {
  readonly state: Omit<ChainState, 'committed' | 'tip' | 'historyRoot'>;
  readonly branch: readonly ForeignHeader[];
  readonly reorgs: readonly Reorg[];
}
interface World {
  readonly nonce: number;
  readonly sequence: number;
  readonly foreign: ReadonlyMap<string, Foreign>;
  readonly included: ReadonlyMap<string, { height: number; receipt: Receipt }>;
}

/** A main chain in memory, as its clients see it: real signatures and quorums, blocks on demand, faults on order. */
export class FakeMain {
  readonly delegates: readonly BlsSigner[];
  readonly genesis: Genesis;
  readonly genesisRoot: Uint8Array;
  /** State after each block. */
  worlds: World[] = [{ nonce: 0, sequence: 0, foreign: new Map(), included: new Map() }];
  pool: SignedTransaction[] = [];
  balance = 10n ** 12n;
  now = () => 1_700_000_000_000;
  /** Called before each question: throws or not. */
  fault: (call: string) => 'none' | 'unavailable' | 'lost' | 'dropped' = () => 'none';
  /** What each delegate says before it signs. */
  attestor: (delegate: number, attest: Attest) => void = () => undefined;
  approver: (delegate: number, action: GovernanceAction) => void = () => undefined;
  readonly signed = new Map<string, string>();
  applied: string[] = [];

  constructor(count = 4) {
    this.delegates = Array.from({ length: count }, (_, i) =>
      BlsSigner.fromSeed(sha256(utf8(`delegate ${i}`))),
    );
    this.genesis = {
      ...GenesisType.defaultValue(),
      version: 1,
      name: utf8('crossroot-test'),
      slotMilliseconds: 500,
      termBlocks: 1000,
      delegates: this.delegates.map((signer, i) => ({
        delegate: { account: new Uint8Array(20).fill(i + 1), blsKey: signer.publicKey },
        proofOfPossession: new Uint8Array(96),
      })),
    };
    this.genesisRoot = GenesisType.hashTreeRoot(this.genesis);
  }

  get world(): World {
    const last = this.worlds.at(-1);
    if (!last) throw new Error('no world');
    return last;
  }
  get height(): number {
    return this.worlds.length - 1;
  }
  get setRoot(): Uint8Array {
    return DelegateSetType.hashTreeRoot(this.genesis.delegates.map((one) => one.delegate));
  }

  /** One block with whatever fits. */
  block(): void {
    const height = this.height + 1;
    let world: World = this.world;
    for (const signed of this.pool) {
      const { transaction } = signed;
      if (transaction.nonce !== world.nonce) continue;
      const error = this.#apply(world, height, transaction.call.method, transaction.call.payload);
      const root = TransactionType.hashTreeRoot(transaction);
      const receipt = {
        transactionRoot: root,
        applied: typeof error === 'string' ? 0 : 1,
        error: utf8(typeof error === 'string' ? error : ''),
        fee: transaction.fee,
      };
      this.applied.push(typeof error === 'string' ? error : 'ok');
      const next = typeof error === 'string' ? world : error;
      const included = new Map(next.included).set(toBareHex(root), { height, receipt });
      world = { ...next, nonce: world.nonce + 1, included };
    }
    this.worlds.push(world);
    this.pool = this.pool.filter(
      ({ transaction }) => transaction.nonce >= world.nonce && height <= markHeight(transaction.mark) + 64,
    );
  }

  /** Undoes the newest blocks: their transactions are forgotten, as after a fork of the main chain. */
  rollback(blocks: number): void {
    this.worlds.length = Math.max(1, this.worlds.length - blocks);
  }

  #apply(world: World, height: number, method: number, payload: Uint8Array): World | string {
    if (method === Method.govern) return this.#register(world, payload);
    const call = method === Method.submitHeaders ? SubmitHeadersType.deserialize(payload) : undefined;
    const attested = method === Method.commitAttested ? CommitAttestedType.deserialize(payload) : undefined;
    const specRoot = call?.specRoot ?? attested?.attest.specRoot ?? ZERO32;
    const found = [...world.foreign.values()].find((one) => bytesEqual(one.state.specRoot, specRoot));
    if (!found) return 'unknown-chain';
    if (found.state.status === ChainStatus.paused) return 'chain-paused';
    const put = (next: Foreign) => ({ ...world, foreign: new Map(world.foreign).set(next.state.name, next) });
    if (attested) {
      const { attest } = attested;
      const tip = found.branch.at(-1)?.height ?? 0;
      if (attest.seq <= found.state.lastSeq) return 'bad-seq';
      if (attest.from > tip + 1 || attest.from <= found.state.start) return 'bad-range';
      if (attest.epoch !== (attest.from === tip + 1 ? found.state.epoch : found.state.epoch + 1))
        return 'bad-epoch';
      if (!bytesEqual(sha256(attested.headers), attest.digest)) return 'bad-digest';
      if (
        !this.#quorum(
          attested.bits.toBoolArray(),
          signingRoot(AttestType, attest, 'attestation', this.genesisRoot),
          attested.signature,
        )
      ) {
        return 'no-quorum';
      }
      const next = this.#splice(found, attest.from - 1, splitHeaders(attested.headers), height, true);
      return typeof next === 'string'
        ? next
        : put({ ...next, state: { ...next.state, lastSeq: attest.seq } });
    }
    if (!call) return 'unknown-method';
    const headers = splitHeaders(call.headers);
    if (headers.length === 0) {
      const advanced = this.#advance(found);
      return advanced.state.size === found.state.size ? 'nothing-to-advance' : put(advanced);
    }
    if (headers.length > 2016) return 'too-many-headers';
    const end = headers.at(-1)?.height ?? 0;
    if (end <= (found.branch.at(-1)?.height ?? 0)) return 'insufficient-work';
    const next = this.#splice(found, call.forkHeight, headers, height, false);
    return typeof next === 'string' ? next : put(this.#advance(next));
  }

  #splice(
    found: Foreign,
    fork: number,
    headers: readonly ForeignHeader[],
    mainHeight: number,
    commit: boolean,
  ): Foreign | string {
    const { start, size, epoch } = found.state;
    const parent = found.branch[fork - start];
    const first = headers[0];
    if (!parent || !first || !bytesEqual(first.parentHash, parent.hash)) return 'unknown-fork';
    const committed = start + size - 1;
    const branch = [...found.branch.slice(0, fork - start + 1), ...headers];
    const truncated = fork < committed;
    const old = found.branch[committed - start];
    const reorg: Reorg = {
      specRoot: found.state.specRoot,
      forkHeight: fork,
      epoch: epoch + 1,
      oldSize: size,
      oldRoot: ZERO32,
      oldTipHeight: committed,
      oldTipHash: old?.hash ?? ZERO32,
      newTipHeight: headers.at(-1)?.height ?? 0,
      newTipHash: headers.at(-1)?.hash ?? ZERO32,
      mainHeight,
    };
    const kept = truncated ? fork - start + 1 : size;
    return {
      branch,
      reorgs: truncated ? [...found.reorgs, reorg] : found.reorgs,
      state: {
        ...found.state,
        epoch: truncated ? epoch + 1 : epoch,
        size: commit ? branch.length : kept,
        reorgCount: found.reorgs.length + (truncated ? 1 : 0),
      },
    };
  }

  #advance(found: Foreign): Foreign {
    const { start, size, policy } = found.state;
    const tipHeight = found.branch.at(-1)?.height ?? 0;
    const last = committableUpTo(policy, start + size - 1, (height) => found.branch[height - start]?.time, {
      tipHeight,
      finalizedHeight: undefined,
      now: Math.floor(this.now() / 1000),
    });
    return { ...found, state: { ...found.state, size: last - start + 1 } };
  }

  #register(world: World, payload: Uint8Array): World | string {
    const { action, bits, signature } = GovernedCallType.deserialize(payload);
    if (action.sequence !== world.sequence) return 'bad-sequence';
    const message = signingRoot(GovernanceActionType, action, 'governance', this.genesisRoot);
    if (!this.#quorum(bits.toBoolArray(), message, signature)) return 'no-quorum';
    const { spec, policy, checkpointHeader } = RegistrationType.deserialize(action.payload);
    const name = new TextDecoder().decode(spec.name);
    if (world.foreign.has(name)) return 'name-taken';
    const { height } = spec.checkpoint;
    const state = {
      spec,
      specRoot: ChainSpecType.hashTreeRoot(spec),
      name,
      policy,
      policyVersion: 1,
      rulesVersion: 1,
      status: ChainStatus.active,
      epoch: 0,
      start: height,
      size: 1,
      windowBase: height,
      reorgCount: 0,
      lastSeq: 0,
    };
    const foreign = new Map(world.foreign).set(name, {
      state,
      branch: splitHeaders(checkpointHeader),
      reorgs: [],
    });
    return { ...world, foreign, sequence: world.sequence + 1 };
  }

  #quorum(bits: readonly boolean[], message: Uint8Array, signature: Uint8Array): boolean {
    const keys = this.delegates.filter((_, i) => bits[i]).map((signer) => signer.publicKey);
    return (
      keys.length >= quorum(this.delegates.length) && blstBls.fastAggregateVerify(keys, message, signature)
    );
  }

  setStatus(name: string, status: number): void {
    const found = this.world.foreign.get(name);
    if (!found) throw new Error(name);
    const foreign = new Map(this.world.foreign).set(name, { ...found, state: { ...found.state, status } });
    this.worlds[this.height] = { ...this.world, foreign };
  }

  chain(name: string, world = this.world): ChainState | undefined {
    const found = world.foreign.get(name);
    const tip = found?.branch.at(-1);
    const committed = found?.branch[found.state.size - 1];
    if (!found || !tip || !committed) return undefined;
    return {
      ...found.state,
      historyRoot: sha256(committed.hash),
      committed,
      tip: { ...tip, work: BigInt(found.branch.length) },
    };
  }

  commitments(world: World): Commitment[] {
    return [...world.foreign.keys()].flatMap((name) => {
      const state = this.chain(name, world);
      if (!state) return [];
      const { specRoot, status, epoch, start, size, historyRoot, reorgCount, policyVersion } = state;
      const tip = { tipHeight: state.tip.height, tipHash: state.tip.hash };
      return [
        {
          specRoot,
          status,
          epoch,
          start,
          size,
          historyRoot,
          ...tip,
          reorgRoot: ZERO32,
          reorgCount,
          policyVersion,
        },
      ];
    });
  }

  /** The node of one delegate. */
  client(index = 0): MainChainClient {
    const guard = <T>(call: string, answer: () => T): Promise<T> => {
      const fault = this.fault(call);
      if (fault === 'unavailable' || fault === 'dropped')
        return Promise.reject(new NodeUnavailableError(`node ${index}`, 'no answer'));
      const value = new Promise<T>((resolve) => resolve(answer()));
      if (fault === 'lost')
        return value.then(() => Promise.reject(new NodeUnavailableError(`node ${index}`, 'answer lost')));
      return value;
    };
    const header = (height: number) => ({
      ...MainHeaderType.defaultValue(),
      genesisRoot: this.genesisRoot,
      height,
      slot: height,
      setRoot: this.setRoot,
      nextSetRoot: this.setRoot,
    });
    const at = (id: unknown): number | undefined => {
      if (id === 'head') return this.height;
      if (id === 'justified' || id === 'finalized')
        return Math.max(0, this.height - (id === 'finalized' ? 2 : 1));
      if (typeof id === 'number') return id <= this.height ? id : undefined;
      return this.worlds.findIndex((_, h) =>
        bytesEqual(MainHeaderType.hashTreeRoot(header(h)), id as Uint8Array),
      );
    };
    const known = (id: unknown) => {
      const height = at(id);
      if (height === undefined || height < 0) return undefined;
      return { height, header: header(height), root: MainHeaderType.hashTreeRoot(header(height)) };
    };
    const reference = (height: number) => ({ height, root: MainHeaderType.hashTreeRoot(header(height)) });
    const status = (): NodeStatus => ({
      genesisRoot: this.genesisRoot,
      head: { ...reference(this.height), slot: this.height },
      justified: reference(Math.max(0, this.height - 1)),
      finalized: reference(Math.max(0, this.height - 2)),
      term: 0,
      setRoot: this.setRoot,
      delegates: this.delegates.length,
      delegateIndex: index,
      voting: true,
      peers: this.delegates.length - 1,
      pool: this.pool.length,
    });
    const sign = (message: Uint8Array): DelegateSignature => {
      const signer = this.delegates[index];
      if (!signer) throw new Error('no such delegate');
      return { index, setRoot: this.setRoot, signature: signer.sign(message) };
    };
    return {
      status: () => guard('status', status),
      genesis: () => guard('genesis', () => this.genesis),
      header: (id) => guard('header', () => known(id)),
      block: () => guard('block', () => undefined),
      receipts: () => guard('receipts', () => undefined),
      certificate: () => guard('certificate', () => undefined),
      commitments: (id) =>
        guard('commitments', () => {
          const found = known(id);
          const world = found && this.worlds[found.height];
          return (
            found && world && { header: found.header, root: found.root, commitments: this.commitments(world) }
          );
        }),
      chains: () =>
        guard('chains', () => [...this.world.foreign.keys()].flatMap((name) => this.chain(name) ?? [])),
      chain: (name) => guard('chain', () => this.chain(name)),
      finality: () => guard('finality', () => undefined),
      branchHash: (name, height) =>
        guard('branchHash', () => {
          const found = this.world.foreign.get(name);
          return found?.branch[height - found.state.start]?.hash;
        }),
      leafAnchor: (name, height) =>
        guard('leafAnchor', () => {
          throw new NotCommittedError(name, height, this.height);
        }),
      reorgs: (name, { from = 0, limit = 500 } = {}) =>
        guard('reorgs', () => this.world.foreign.get(name)?.reorgs.slice(from, from + limit) ?? []),
      reorgAnchor: (name, i) =>
        guard('reorgAnchor', () => {
          throw new NotCommittedError(name, i, this.height);
        }),
      handovers: () => guard('handovers', () => []),
      account: () => guard('account', () => ({ nonce: this.world.nonce, balance: this.balance })),
      fee: (bytes) => guard('fee', () => 100n + BigInt(bytes)),
      mark: () => guard('mark', () => markOf(this.height)),
      send: (transaction) => {
        if (this.fault('send:drop') === 'dropped') {
          return Promise.resolve(TransactionType.hashTreeRoot(transaction.transaction));
        }
        return guard('send', () => this.#take(transaction));
      },
      transaction: (root) =>
        guard('transaction', () => {
          const found = this.world.included.get(toBareHex(root));
          if (found)
            return { status: 'included' as const, block: reference(found.height), receipt: found.receipt };
          const pending = this.pool.some((one) =>
            bytesEqual(TransactionType.hashTreeRoot(one.transaction), root),
          );
          return { status: pending ? ('pending' as const) : ('unknown' as const) };
        }),
      attest: (attest) =>
        guard('attest', () => {
          this.attestor(index, attest);
          const key = `${index}/${toBareHex(attest.specRoot)}/${attest.seq}`;
          const digest = toBareHex(AttestType.hashTreeRoot(attest));
          if ((this.signed.get(key) ?? digest) !== digest)
            throw new SignedOtherwiseError(`seq ${attest.seq} is taken`);
          this.signed.set(key, digest);
          return sign(signingRoot(AttestType, attest, 'attestation', this.genesisRoot));
        }),
      approve: (action) =>
        guard('approve', () => {
          this.approver(index, action);
          return sign(signingRoot(GovernanceActionType, action, 'governance', this.genesisRoot));
        }),
      governanceSequence: () => guard('governanceSequence', () => this.world.sequence),
    };
  }

  #take(signed: SignedTransaction): Uint8Array {
    const { transaction } = signed;
    const root = TransactionType.hashTreeRoot(transaction);
    if (this.world.included.has(toBareHex(root))) return root;
    if (transaction.nonce < this.world.nonce) throw new TransactionRefusedError('nonce-too-low', false);
    const same = this.pool.find((one) => one.transaction.nonce === transaction.nonce);
    if (same && !bytesEqual(TransactionType.hashTreeRoot(same.transaction), root)) {
      throw new TransactionRefusedError('nonce-taken', false);
    }
    if (!same) this.pool.push(signed);
    return root;
  }
}

export class SignedOtherwiseError extends Error {
  override readonly name = 'AttestationRefusedError';
}

function markOf(height: number): Uint8Array {
  const mark = new Uint8Array(8);
  new DataView(mark.buffer).setFloat64(0, height);
  return mark;
}
function markHeight(mark: Uint8Array): number {
  return new DataView(mark.buffer, mark.byteOffset).getFloat64(0);
}
