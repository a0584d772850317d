import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AccountSigner } from '../../mainchain/crypto/account.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { aggregateSignatures } from '../../mainchain/crypto/signer.js';
import { NodeUnavailableError } from '../../mainchain/rpc/errors.js';
import { toBareHex } from '../../proofs/bytes.js';
import { ChainStatus } from '../../proofs/containers/commitment.js';
import { MemoryStore } from '../../storage/memory.js';
import { FakeLocal, registrationOf } from '../../test/relay/fakeForeign.js';
import { FakeMain, SignedOtherwiseError } from '../../test/relay/fakeMain.js';
import { VirtualClock } from '../../test/relay/virtualClock.js';
import { parsePolicy } from '../../timing/policy.js';
import { AttestedSubmitter } from './attestedSubmitter.js';
import { Backoff } from './backoff.js';
import { ChainSubmitter } from './chainSubmitter.js';
import { evidenceLog } from './evidence.js';
import { failoverClient } from './failover.js';
import { SubmitLoop } from './loop.js';
import { Registrar, SpecMismatchError } from './registrar.js';
import { TransactionSender } from './sender.js';
import { WorkSubmitter } from './workSubmitter.js';

const operator = AccountSigner.fromSecret(new Uint8Array(32).fill(7));
const scheme = { verify: blstBls.verify, aggregate: aggregateSignatures };

type Mode = 'work' | 'attested';

/** One chain from local headers to a main chain in memory, all on virtual time. */
class Setup {
  readonly clock = new VirtualClock();
  readonly main = new FakeMain();
  readonly local = new FakeLocal('made-up');
  readonly evidence = evidenceLog({ store: new MemoryStore() });
  readonly errors: string[] = [];
  readonly #stop = new AbortController();
  loop: SubmitLoop;

  constructor(
    readonly mode: Mode = 'work',
    policy = mode === 'work' ? 'confirmations(2)' : 'finalized',
    readonly maxBatch = 2016,
  ) {
    this.main.now = () => this.clock.now();
    this.policy = parsePolicy(policy);
    this.loop = this.restart();
    void this.#produce();
  }
  readonly policy;

  /** A relay process with nothing remembered. */
  restart(): SubmitLoop {
    const nodes = this.main.delegates.map((_, i) => ({ name: `node ${i}`, client: this.main.client(i) }));
    const client = failoverClient(nodes);
    const { clock, local, maxBatch } = this;
    const sender = new TransactionSender({ client, operator, clock });
    const registration = registrationOf('made-up', this.policy);
    const registrar = new Registrar({ chain: 'made-up', registration, client, nodes, sender, scheme, clock });
    const feeder =
      this.mode === 'work'
        ? new WorkSubmitter({ client, sender, local, clock, maxBatch })
        : new AttestedSubmitter({
            client,
            sender,
            local,
            clock,
            nodes,
            scheme,
            evidence: this.evidence,
            limits: { headers: 5, bytes: 1000 },
          });
    this.loop = new SubmitLoop(new ChainSubmitter(registrar, feeder), {
      clock,
      backoff: new Backoff({ random: () => 0.5 }),
      onError: (_chain, error) => this.errors.push(error instanceof Error ? error.name : String(error)),
    });
    this.loop.start();
    local.onChange(() => this.loop.wake());
    return this.loop;
  }

  async #produce(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.clock.sleep(500, this.#stop.signal);
      this.main.block();
    }
  }

  run(seconds: number, until?: () => boolean): Promise<void> {
    return this.clock.run(seconds * 1000, until);
  }
  get state() {
    const state = this.main.chain('made-up');
    if (!state) throw new Error('not registered');
    return state;
  }
  get converged(): boolean {
    const state = this.main.chain('made-up');
    return state !== undefined && toBareHex(state.tip.hash) === toBareHex(this.local.tip().hash);
  }
  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    this.#stop.abort();
    await this.run(1);
    await stopped;
  }
}

describe('work chains', () => {
  test('registers, catches up in batches, follows', async () => {
    const s = new Setup('work', 'confirmations(2)', 10);
    s.local.grow(35);
    await s.run(20);
    expect(s.converged).toBe(true);
    expect(s.state.committed.height).toBe(s.local.tip().height - 1);
    expect(s.main.applied).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    s.local.grow(1);
    await s.run(2);
    expect(s.converged).toBe(true);
    await s.stop();
  });

  test('a reorganisation below a committed block', async () => {
    const s = new Setup();
    s.local.grow(20);
    await s.run(5);
    s.local.grow(9, 8);
    await s.run(5);
    expect(s.converged).toBe(true);
    expect(s.state.epoch).toBe(1);
    expect(s.state.reorgCount).toBe(1);
    await s.stop();
  });

  test('equal work on another branch is left alone', async () => {
    const s = new Setup();
    s.local.grow(5);
    await s.run(5);
    const sent = s.main.applied.length;
    s.local.grow(1, 1);
    await s.run(10);
    expect(s.main.applied.length).toBe(sent);
    await s.stop();
  });

  test('only the clock makes leaves ready: empty batches, few of them', async () => {
    const s = new Setup('work', 'age(10)');
    s.local.grow(3);
    await s.run(5);
    expect(s.converged).toBe(true);
    expect(s.state.size).toBe(1);
    const sent = s.main.applied.length;
    await s.run(690);
    expect(s.main.applied.length).toBe(sent);
    await s.run(60);
    expect(s.state.committed.height).toBe(s.local.tip().height);
    expect(s.main.applied.length).toBeLessThanOrEqual(sent + 4);
    await s.stop();
  });

  test('a branch that one batch cannot make heavier is reported, not tried', async () => {
    const s = new Setup('work', 'confirmations(2)', 5);
    s.local.grow(20);
    await s.run(10);
    s.local.grow(21, 20);
    await s.run(20);
    expect(s.errors).toContain('ReorganisationTooLongError');
    expect(s.converged).toBe(false);
    await s.stop();
  });

  test('a paused chain is left alone and resumes', async () => {
    const s = new Setup();
    s.local.grow(3);
    await s.run(5);
    s.main.setStatus('made-up', ChainStatus.paused);
    s.local.grow(3);
    await s.run(10);
    expect(s.loop.last?.result?.kind).toBe('paused');
    expect(s.errors).toEqual([]);
    s.main.setStatus('made-up', ChainStatus.active);
    await s.run(5);
    expect(s.converged).toBe(true);
    await s.stop();
  });

  test('an empty account waits with a warning and goes on when paid', async () => {
    const s = new Setup();
    s.main.balance = 5n;
    await s.run(10);
    expect(new Set(s.errors)).toEqual(new Set(['OperatorBalanceError']));
    s.main.balance = 10n ** 12n;
    s.local.grow(2);
    await s.run(60);
    expect(s.converged).toBe(true);
    await s.stop();
  });

  test('another spec under the same name is a fault', async () => {
    const s = new Setup();
    await s.run(5);
    const nodes = [{ name: 'node', client: s.main.client() }];
    const registration = registrationOf('made-up', s.policy);
    registration.spec.checkpoint.height = 7;
    const sender = new TransactionSender({ client: s.main.client(), operator, clock: s.clock });
    const other = new Registrar({
      chain: 'made-up',
      registration,
      client: s.main.client(),
      nodes,
      sender,
      scheme,
    });
    await expect(other.step()).rejects.toThrow(SpecMismatchError);
    await s.stop();
  });
});

describe('attested chains', () => {
  test('commits what is final, in ranges', async () => {
    const s = new Setup('attested');
    s.local.grow(20);
    s.local.finalizeAt(113);
    await s.run(10);
    expect(s.state.committed.height).toBe(113);
    expect(s.state.lastSeq).toBe(3);
    await s.stop();
  });

  test('with the policy safe commits what is safe, also after it was undone', async () => {
    const s = new Setup('attested', 'safe');
    s.local.grow(20);
    s.local.finalizeAt(103);
    await s.run(10);
    expect(s.state.committed.height).toBe(103);
    s.local.safeAt(110);
    await s.run(10);
    expect(s.state.committed.height).toBe(110);
    // Safe blocks may be undone, final ones not: the next epoch begins.
    s.local.grow(14, 12);
    await s.run(5);
    expect(s.state.committed.height).toBe(110);
    s.local.safeAt(112);
    await s.run(10);
    expect(s.state).toMatchObject({ epoch: 1, committed: { height: 112 } });
    expect(s.state.committed.hash).toEqual(s.local.header(112)?.hash);
    await s.stop();
  });

  test('one delegate that is dead, one that lies: the others are enough, and the lie is kept', async () => {
    const s = new Setup('attested');
    await s.run(3);
    s.main.attestor = (delegate) => {
      if (delegate === 2) throw new SignedOtherwiseError('my source has another digest');
    };
    s.local.grow(5);
    s.local.finalizeAt(104);
    await s.run(30);
    expect(s.state.committed.height).toBe(104);
    expect(s.evidence.recent('made-up')[0]?.message).toContain('another digest');
    await s.stop();
  });

  test('without a quorum the chain waits; a new seq is taken when delegates had signed otherwise', async () => {
    const s = new Setup('attested');
    await s.run(3);
    const specRoot = toBareHex(s.state.specRoot);
    for (const delegate of [0, 1]) s.main.signed.set(`${delegate}/${specRoot}/1`, 'something else');
    s.local.grow(5);
    s.local.finalizeAt(104);
    await s.run(60);
    expect(s.errors).toContain('NoQuorumError');
    expect(s.state.committed.height).toBe(104);
    expect(s.state.lastSeq).toBeGreaterThan(1);
    await s.stop();
  });

  test('a reorganisation below the committed tip begins an epoch', async () => {
    const s = new Setup('attested');
    s.local.grow(8);
    s.local.finalizeAt(106);
    await s.run(10);
    s.local.grow(6, 5);
    await s.run(5);
    expect(s.state.epoch).toBe(0);
    s.local.finalizeAt(108);
    await s.run(10);
    expect(s.state.committed.height).toBe(108);
    expect(s.state.epoch).toBe(1);
    expect(toBareHex(s.state.committed.hash)).toBe(toBareHex(s.local.header(108)?.hash ?? new Uint8Array()));
    await s.stop();
  });

  test('a node that never answers does not hold up the quorum', async () => {
    const s = new Setup('attested');
    s.main.attestor = (delegate) => {
      if (delegate === 0) throw new NodeUnavailableError('node 0', 'asleep');
    };
    s.local.grow(3);
    s.local.finalizeAt(102);
    await s.run(15);
    expect(s.state.committed.height).toBe(102);
    await s.stop();
  });
});

describe('whatever goes wrong for a while', () => {
  const action = fc.oneof(
    fc.record({
      do: fc.constant('grow' as const),
      count: fc.integer({ min: 1, max: 6 }),
      depth: fc.constant(0),
    }),
    fc.record({
      do: fc.constant('grow' as const),
      count: fc.integer({ min: 1, max: 8 }),
      depth: fc.integer({ min: 1, max: 6 }),
    }),
    fc.record({ do: fc.constant('rollback' as const), blocks: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('restart' as const) }),
    fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 40 }) }),
  );

  test.each(['work', 'attested'] as const)(
    'a %s chain ends on the local best branch',
    async (mode) => {
      const faults = fc.infiniteStream(
        fc.constantFrom('none', 'none', 'none', 'none', 'unavailable', 'lost', 'dropped') as fc.Arbitrary<
          'none' | 'unavailable' | 'lost' | 'dropped'
        >,
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(action, { minLength: 1, maxLength: 8 }),
          faults,
          async (actions, stream) => {
            const s = new Setup(mode);
            s.main.fault = () => stream.next().value ?? 'none';
            const finalize = () => s.local.finalizeAt(s.local.tip().height);
            for (const step of actions) {
              if (step.do === 'grow') s.local.grow(step.count, step.depth);
              if (step.do === 'rollback') s.main.rollback(step.blocks);
              if (step.do === 'restart') {
                const old = s.loop.stop();
                s.restart();
                await s.run(2);
                await old;
              }
              if (mode === 'attested') finalize();
              await s.run(step.do === 'wait' ? step.seconds : 2);
            }
            s.main.fault = () => 'none';
            s.local.grow(10);
            if (mode === 'attested') finalize();
            await s.run(240, () => s.converged && s.state.committed.height >= s.local.tip().height - 1);
            expect(s.converged).toBe(true);
            expect(s.state.committed.height).toBeGreaterThanOrEqual(s.local.tip().height - 1);
            await s.stop();
          },
        ),
        { numRuns: 60 },
      );
    },
    300_000,
  );
});
