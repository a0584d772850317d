import { afterEach, expect, it } from 'vitest';
import { signingRoot } from '../../proofs/containers/domains.js';
import { MemoryStore } from '../../storage/memory.js';
import { Cluster } from '../../test/mainchain/cluster.js';
import { VoteJournal } from '../consensus/journal.js';
import { type Introduction, IntroductionType } from '../network/messages.js';
import { VoteLock } from './lock.js';
import { silentLogger } from './logger.js';
import { noMetrics } from './metrics.js';

let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

/** The lock of delegate 3, and what delegate `by` says to it over a fresh connection. */
async function setup() {
  cluster = await Cluster.start({ nodes: 4, slotMilliseconds: 200 });
  const { core } = cluster.node(0);
  const keys = cluster.keys;
  const journal = VoteJournal.open(new MemoryStore());
  const lock = new VoteLock(core, journal, keys[3]!.account.account, silentLogger, noMetrics);
  const { root } = core.chain.head;
  const to = random(32);
  const claim = async (account: Uint8Array, sign?: (message: Uint8Array) => Uint8Array) => {
    const introduction: Introduction = { from: random(32), to, head: { height: 0, root } };
    const message = signingRoot(IntroductionType, introduction, 'peer', core.chain.genesisRoot);
    const signature = sign?.(message) ?? random(96);
    await lock.claim({ account, setRoot: random(32), signature }, introduction);
  };
  const delegate = (by: number) =>
    claim(keys[by]!.account.account, (m) => keys[by]!.bls(keys[by]!.list()[0]!)!.sign(m));
  return { lock, claim, delegate, account: (by: number) => keys[by]!.account.account };
}

it('hears the delegates, however many strangers have spoken before', async () => {
  const { lock, claim, delegate } = await setup();
  for (let i = 0; i < 1500; i++) await claim(random(20));
  await delegate(0);
  expect(lock.open).toBe(false);
  for (let i = 0; i < 300; i++) await claim(random(20));
  await delegate(1);
  await cluster!.until(() => {
    void lock.check();
    return lock.open;
  }, 'the lock to open');
});

it('spends one check on a false signature, however often it looks again', async () => {
  const { lock, claim, account } = await setup();
  const other = cluster!.keys[2]!;
  const signature = other.bls(other.list()[0]!)!.sign(random(32));
  for (let i = 0; i < 64; i++) await claim(account(1), () => signature);
  const before = process.cpuUsage();
  for (let i = 0; i < 50; i++) await lock.check();
  const { user } = process.cpuUsage(before);
  // 3,200 checks of a signature take more than two seconds.
  expect(user).toBeLessThan(1_000_000);
  expect(lock.open).toBe(false);
});
