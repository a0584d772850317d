import { beforeAll, describe, expect, it } from 'vitest';
import { periodAt } from '../../adapters/ethereum/consensus/index.js';
import { chainFinality } from '../../mainchain/rpc/chainState.js';
import { type Policy, PolicyKind } from '../../proofs/containers/calls.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { Method } from '../../proofs/containers/transaction.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import type { UpdateParts } from '../../test/fixtures/beacon.js';
import {
  COMMITTEE_CHAIN,
  CommitteeForeign,
  smallEthereum,
  YoungForeign,
} from '../../test/mainchain/committee.js';
import { governCall } from '../../test/mainchain/foreign.js';
import { chainState } from '../../test/mainchain/queries.js';
import { GENESIS_TIME, World } from '../../test/mainchain/world.js';
import type { FinalitySource, LocalChain } from '../ports.js';
import { CallRefusedError } from './errors.js';
import { isRetryableRefusal } from './refusals.js';
import { SyncCommitteeSubmitter, type SyncCommitteeSubmitterOptions } from './syncCommitteeSubmitter.js';

beforeAll(useFastHasher);

/** A relay's light client that has verified what it says here. */
class FakeLightClient implements FinalitySource {
  started = true;
  /** By period. */
  readonly best = new Map<number, UpdateParts>();
  newest: UpdateParts | undefined;

  constructor(readonly foreign: CommitteeForeign) {}

  get network() {
    return this.foreign.beacon.network;
  }
  bootstrap() {
    return this.started ? this.foreign.bootstrapData() : undefined;
  }
  updates(from: number, limit: number) {
    const found: { readonly period: number; readonly bytes: Uint8Array }[] = [];
    for (let period = from; found.length < limit; period++) {
      const parts = this.best.get(period);
      if (parts === undefined) break;
      found.push({ period, bytes: this.#encode({ ...parts, committee: true }, 'update') });
    }
    return found;
  }
  latestFinalityUpdate() {
    return this.newest && this.#encode(this.newest, 'finalityUpdate');
  }
  committeeFor(update: Uint8Array) {
    return this.#committees.get(update.join());
  }
  onChange() {
    return () => undefined;
  }
  readonly #committees = new Map<string, Uint8Array>();

  /** The chain goes on to `slot`: final six slots before it. */
  advance(slot: number): void {
    for (let period = 0; period <= periodAt(this.network, slot); period++) {
      const attested = Math.min(slot, 64 * period + 60);
      if (attested - 8 > 64 * period) this.best.set(period, { attested, finalized: attested - 8 });
    }
    this.newest = { attested: slot, finalized: slot - 6 };
  }

  #encode(parts: UpdateParts, kind: 'update' | 'finalityUpdate'): Uint8Array {
    const { data, committee } = this.foreign.encoded(parts, { kind });
    this.#committees.set(data.join(), committee);
    return data;
  }
}

/** A main chain with its real state transition, an honest relay's view of the foreign chain, and the submitter between them. */
class Setup {
  readonly client: FakeLightClient;
  /** Height of the local tip, and what the submitter's clock says. */
  tip = 1_000;
  now = 1_700_000_000_000;
  sent: string[] = [];
  submitter: SyncCommitteeSubmitter;

  private constructor(
    readonly world: World,
    readonly foreign: CommitteeForeign,
  ) {
    this.client = new FakeLightClient(foreign);
    this.submitter = this.restarted();
  }

  static async create(
    policy: Policy = { kind: PolicyKind.finalized, value: 0 },
    foreign = new CommitteeForeign(),
  ): Promise<Setup> {
    const setup = new Setup(await World.create({ kinds: [smallEthereum] }), foreign);
    expect(await setup.world.outcome(setup.foreign.register(setup.world, policy))).toBe('applied');
    return setup;
  }

  get view() {
    return this.world.chain.stateAt(this.world.chain.head.root);
  }
  get state() {
    return chainState(this.view, COMMITTEE_CHAIN)!;
  }

  /** A submitter that knows nothing of what another one did. */
  restarted(options: Partial<SyncCommitteeSubmitterOptions> = {}): SyncCommitteeSubmitter {
    const local: LocalChain = {
      chain: COMMITTEE_CHAIN,
      tip: () => this.foreign.header(this.tip),
      finalized: () => undefined,
      header: (height) => (height <= this.tip ? this.foreign.header(height) : undefined),
      find: () => undefined,
      work: () => 0n,
      health: () => ({ source: 'test', healthy: true }),
      onChange: () => () => undefined,
    };
    return new SyncCommitteeSubmitter({
      client: {
        chain: async (name) => chainState(this.view, name),
        finality: async (name) => chainFinality(this.view, [smallEthereum], name),
      },
      sender: {
        submit: async (method, payload) => {
          const outcome = await this.world.outcome({ method, payload });
          this.sent.push(`${method === Method.submitLightClient ? 'light client' : 'headers'}: ${outcome}`);
          if (outcome !== 'applied') throw new CallRefusedError(outcome, isRetryableRefusal(outcome));
          const receipt = {
            transactionRoot: new Uint8Array(32),
            applied: 1,
            error: new Uint8Array(0),
            fee: 0n,
          };
          return { block: undefined, receipt, fee: 0n };
        },
      },
      local,
      finality: this.client,
      clock: { now: () => this.now, sleep: async () => undefined },
      ...options,
    });
  }

  /** Steps until there is nothing to do. @returns why */
  async run(each: () => void = () => undefined): Promise<string> {
    for (let i = 0; i < 500; i++) {
      const result = await this.submitter.step();
      if (result.kind === 'paused') return 'paused';
      if (result.kind === 'idle') return result.reason;
      each();
    }
    throw new Error('never idle');
  }
}

describe('SyncCommitteeSubmitter', () => {
  it('begins, teaches the next committee, and keeps up with finality', async () => {
    const setup = await Setup.create();
    setup.client.started = false;
    expect(await setup.run()).toBe('the light client has not begun');
    setup.client.started = true;
    expect(await setup.run()).toBe('nothing newer is final');
    expect(setup.sent).toEqual(['light client: applied']);
    for (const slot of [30, 45, 64 + 4, 64 + 40, 128 + 3, 128 + 30]) {
      setup.client.advance(slot);
      expect(await setup.run()).toBe('nothing newer is final');
      expect(setup.state.committed.height).toBe(slot - 6);
    }
    expect(setup.sent.every((one) => one.endsWith('applied'))).toBe(true);
    expect(await setup.submitter.step()).toMatchObject({ kind: 'idle' });
  });

  it('catches up over many periods, restarted at every step, holding nothing', async () => {
    const setup = await Setup.create();
    setup.client.advance(64 * 9 + 30);
    const options = { limits: { headers: 20, bytes: 1_000_000 } };
    setup.submitter = setup.restarted(options);
    await setup.run(() => {
      setup.submitter = setup.restarted(options);
    });
    expect(setup.state.committed.height).toBe(64 * 9 + 24);
    expect(setup.sent.filter((one) => one !== 'light client: applied' && one !== 'headers: applied')).toEqual(
      [],
    );
    // A bootstrap, an update a period and the newest one; some 30 batches of 20 headers.
    expect(setup.sent.filter((one) => one.startsWith('light'))).toHaveLength(12);
  });

  it('waits for a local chain that is behind, or for a committee that is not known', async () => {
    const setup = await Setup.create();
    setup.client.advance(30);
    setup.tip = 20;
    await expect(setup.run()).rejects.toThrow('no local header at height 22');
    await expect(setup.submitter.step()).rejects.toMatchObject({ retryable: true });
    setup.tip = 100;
    expect(await setup.run()).toBe('nothing newer is final');
    setup.client.advance(40);
    const { committeeFor } = setup.client;
    setup.client.committeeFor = () => undefined;
    expect(await setup.run()).toBe('nothing newer is final');
    setup.client.committeeFor = committeeFor;
    await setup.run();
    expect(setup.state.committed.height).toBe(34);
  });

  it('does not send again what was refused for good', async () => {
    const setup = await Setup.create();
    setup.client.advance(30);
    const { committeeFor } = setup.client;
    setup.client.committeeFor = () => new Uint8Array([9]);
    await expect(setup.run()).rejects.toMatchObject({ refusal: 'malformed-light-client', retryable: false });
    expect(await setup.run()).toBe('the main chain refused the finality: malformed-light-client');
    expect(setup.sent).toHaveLength(2);
    setup.client.committeeFor = committeeFor;
    expect(await setup.run()).toBe('nothing newer is final');
    expect(setup.state.committed.height).toBe(24);
  });

  it('lets another relay be first', async () => {
    const setup = await Setup.create();
    setup.client.advance(30);
    const other = setup.restarted();
    let stepping = false;
    // The other one takes each step between this one's look and its call.
    const racing = setup.restarted({
      client: {
        chain: async (name) => chainState(setup.view, name),
        finality: async (name) => {
          const seen = chainFinality(setup.view, [smallEthereum], name);
          if (!stepping) {
            stepping = true;
            await other.step();
            stepping = false;
          }
          return seen;
        },
      },
    });
    setup.submitter = racing;
    for (let i = 0; i < 10; i++)
      await racing.step().catch((error: unknown) => {
        // Its update may be out of date, which another look heals.
        if (!(error instanceof CallRefusedError)) throw error;
      });
    expect(setup.state.committed.height).toBe(24);
    expect(setup.sent).toContain('light client: finality-started');
    expect(setup.sent).toContain('headers: not-missing');
  });

  it('asks for leaves that only waited for their age', async () => {
    const setup = await Setup.create({ kind: PolicyKind.age, value: 1 }, new YoungForeign());
    setup.client.advance(30);
    setup.now = GENESIS_TIME + 10_000;
    expect(await setup.run()).toBe('nothing newer is final');
    expect(setup.state).toMatchObject({ committed: { height: 3 }, tip: { height: 24 } });
    // By its own clock some are old enough, by the main chain's none is: it asks once, and not again at once.
    setup.now = GENESIS_TIME + 12_000 * 9 + 60_000;
    await expect(setup.run()).rejects.toMatchObject({ refusal: 'nothing-to-advance', retryable: true });
    expect(await setup.run()).toBe('nothing newer is final');
    await setup.world.produce({ slot: 12 * 9 + 60 });
    expect(await setup.run()).toBe('nothing newer is final');
    setup.now += 30_000;
    // Its clock is ahead of the main chain's by two more blocks.
    await expect(setup.run()).rejects.toMatchObject({ refusal: 'nothing-to-advance' });
    expect(setup.state.committed.height).toBe(9);
  });

  it('stops where the main chain has paused the chain', async () => {
    const setup = await Setup.create();
    setup.client.advance(30);
    await setup.run();
    const call = governCall(setup.world, { kind: 2, specRoot: setup.foreign.specRoot });
    expect(await setup.world.outcome(call)).toBe('applied');
    expect(setup.state.status).toBe(ChainStatus.paused);
    expect(await setup.run()).toBe('paused');
  });
});
