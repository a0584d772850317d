import { BitArray } from '@chainsafe/ssz';
import type { ChainKind } from '../../adapters/types.js';
import { Chain } from '../../mainchain/chain/chain.js';
import { roundRobin } from '../../mainchain/chain/schedule.js';
import type { BuildInput, BuiltBlock } from '../../mainchain/chain/types.js';
import { readAccount } from '../../mainchain/contracts/token.js';
import { AccountSigner } from '../../mainchain/crypto/account.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { aggregateSignatures, BlsSigner } from '../../mainchain/crypto/signer.js';
import { callFee } from '../../mainchain/transactions.js';
import { utf8 } from '../../proofs/bytes.js';
import {
  type Certificate,
  DelegateSetType,
  type VoteData,
  VoteDataType,
} from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { Call, Receipt, SignedTransaction } from '../../proofs/containers/transaction.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { MemoryStore } from '../../storage/memory.js';

/** A delegate with its keys; `keys` grows with rotations. */
export interface TestDelegate {
  readonly account: AccountSigner;
  readonly keys: BlsSigner[];
}

export const GENESIS_TIME = 1_700_000_000_000;
const possessions = new Map<string, Uint8Array>();

export function seeded(label: string): Uint8Array {
  const seed = new Uint8Array(32);
  seed.set(utf8(label).subarray(0, 31), 1);
  return seed;
}

export function possession(signer: BlsSigner): Uint8Array {
  const id = Buffer.from(signer.publicKey).toString('hex');
  const known = possessions.get(id) ?? signer.provePossession();
  possessions.set(id, known);
  return known;
}

/** A main chain in one process: all delegates' keys, blocks made on demand. */
export class World {
  chain!: Chain;
  readonly user = AccountSigner.fromSecret(seeded('user'));
  readonly genesis: Genesis;

  private constructor(
    readonly delegates: readonly TestDelegate[],
    readonly kinds: readonly ChainKind[],
    readonly store: KeyValueStore,
    overrides: Partial<Genesis>,
  ) {
    this.genesis = {
      version: 1,
      name: utf8('test'),
      time: GENESIS_TIME,
      slotMilliseconds: 1000,
      termBlocks: 1000,
      baseFee: 10n,
      byteFee: 1n,
      delegates: delegates.map(({ account, keys }) => ({
        delegate: { account: account.account, blsKey: keys[0]!.publicKey },
        proofOfPossession: possession(keys[0]!),
      })),
      balances: [
        { account: this.user.account, balance: 10n ** 15n },
        ...delegates.map((d) => ({ account: d.account.account, balance: 10n ** 9n })),
      ],
      ...overrides,
    };
  }

  static async create(
    options: {
      readonly n?: number;
      readonly kinds?: readonly ChainKind[];
      readonly store?: KeyValueStore;
      readonly genesis?: Partial<Genesis>;
    } = {},
  ): Promise<World> {
    const delegates = Array.from({ length: options.n ?? 4 }, (_, i) => ({
      account: AccountSigner.fromSecret(seeded(`account ${i}`)),
      keys: [BlsSigner.fromSeed(seeded(`delegate ${i}`))],
    }));
    const world = new World(
      delegates,
      options.kinds ?? [],
      options.store ?? new MemoryStore(),
      options.genesis ?? {},
    );
    await world.open(world.store);
    return world;
  }

  async open(store: KeyValueStore): Promise<void> {
    this.chain = await Chain.open(store, this.genesis, { bls: blstBls, kinds: this.kinds });
  }

  signerOf(blsKey: Uint8Array): BlsSigner {
    const found = this.delegates
      .flatMap((d) => d.keys)
      .find((k) => Buffer.compare(k.publicKey, blsKey) === 0);
    if (found === undefined) throw new Error('no delegate has this key');
    return found;
  }

  async build(input: Partial<BuildInput> = {}): Promise<BuiltBlock> {
    const parentRoot = input.parentRoot ?? this.chain.head.root;
    const slot = input.slot ?? this.chain.header(parentRoot)!.slot + 1;
    const term = this.chain.termOnTop(parentRoot, input.certificate);
    const producer = input.producer ?? roundRobin.producerAt(slot, term).producer;
    const signer = this.signerOf(term.members[producer]!.blsKey);
    return this.chain.build({ transactions: [], ...input, parentRoot, slot, producer }, (m) =>
      signer.sign(m),
    );
  }

  /** Builds, imports and makes it the head. */
  async produce(input: Partial<BuildInput> = {}): Promise<BuiltBlock> {
    const built = await this.build(input);
    await this.chain.import(built.block, this.chain.slotTime(built.header.slot));
    await this.chain.setHead(built.root);
    return built;
  }

  transaction(
    call: Call,
    options: {
      readonly from?: AccountSigner;
      readonly nonce?: number;
      readonly fee?: bigint;
      readonly mark?: Uint8Array;
    } = {},
  ): SignedTransaction {
    const from = options.from ?? this.user;
    const state = this.chain.stateAt(this.chain.head.root);
    return from.sign(
      {
        sender: from.account,
        nonce: options.nonce ?? readAccount(state, from.account).nonce,
        fee: options.fee ?? callFee(this.genesis, call),
        mark: options.mark ?? this.chain.mark(),
        call,
      },
      this.chain.genesisRoot,
    );
  }

  /** Puts a call into the next block and returns its receipt. */
  async call(call: Call, from?: AccountSigner, input: Partial<BuildInput> = {}): Promise<Receipt> {
    const built = await this.produce({
      ...input,
      transactions: [this.transaction(call, from ? { from } : {})],
    });
    if (built.dropped[0]) throw new Error(`dropped: ${built.dropped[0].reason}`);
    return this.chain.receipts(built.root)![0]!;
  }

  /** `applied`, or the refusal's name. */
  async outcome(call: Call, from?: AccountSigner, input: Partial<BuildInput> = {}): Promise<string> {
    const receipt = await this.call(call, from, input);
    return receipt.applied === 1 ? 'applied' : new TextDecoder().decode(receipt.error);
  }

  /** Bits and aggregated signature of the members at `positions` of the head's set over `message`. */
  sign(
    message: Uint8Array,
    positions: readonly number[] = [0, 1, 2],
  ): { bits: BitArray; signature: Uint8Array } {
    const { members } = this.chain.termAt(this.chain.head.root);
    const bits = BitArray.fromBitLen(members.length);
    for (const i of positions) bits.set(i, true);
    return {
      bits,
      signature: aggregateSignatures(positions.map((i) => this.signerOf(members[i]!.blsKey).sign(message))),
    };
  }

  /** A certificate that links two blocks of the best branch. */
  certificate(source: number, target: number, positions: readonly number[] = [0, 1, 2]): Certificate {
    const targetRoot = this.chain.rootAt(target)!;
    const term = this.chain.termAt(targetRoot);
    const vote: VoteData = {
      genesisRoot: this.chain.genesisRoot,
      term: term.term,
      setRoot: DelegateSetType.hashTreeRoot(term.members),
      source: { height: source, root: this.chain.rootAt(source)! },
      target: { height: target, root: targetRoot },
    };
    const message = signingRoot(VoteDataType, vote, 'vote', this.chain.genesisRoot);
    const bits = BitArray.fromBitLen(term.members.length);
    for (const i of positions) bits.set(i, true);
    const signature = aggregateSignatures(
      positions.map((i) => this.signerOf(term.members[i]!.blsKey).sign(message)),
    );
    return { vote, bits, signature };
  }
}
