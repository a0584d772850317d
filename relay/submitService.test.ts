import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Work } from '../indexers/group/workGroup.js';
import { AccountSigner } from '../mainchain/crypto/account.js';
import { blstBls } from '../mainchain/crypto/blst.js';
import { aggregateSignatures } from '../mainchain/crypto/signer.js';
import { Assurance, FakeLocal, fakeKind, registrationOf } from '../test/relay/fakeForeign.js';
import { FakeMain } from '../test/relay/fakeMain.js';
import { parsePolicy } from '../timing/policy.js';
import { commonOf } from './common.js';
import type { RelayEvent } from './events.js';
import { SubmitService } from './submitService.js';

const NAME = 'made-up';
const kind = fakeKind({ [NAME]: Assurance.work });

let main: FakeMain;
let ticking: NodeJS.Timeout;
beforeEach(() => {
  main = new FakeMain();
  ticking = setInterval(() => main.block(), 20);
});
afterEach(() => clearInterval(ticking));

/** A relay with an account of its own, in a group that the test decides for. */
function relay(account: number, local: FakeLocal) {
  const events: RelayEvent[] = [];
  const faults: unknown[] = [];
  const common = commonOf({
    nodes: main.delegates.map((_, i) => ({ name: `node ${i}`, client: main.client(i) })),
    onEvent: (event) => events.push(event),
    onFault: (error) => faults.push(error),
  });
  let work: Work = async () => async () => undefined;
  const ends = new Set<() => Promise<void>>();
  const service = new SubmitService(
    {
      operator: AccountSigner.fromSecret(new Uint8Array(32).fill(account)),
      chains: [
        { name: NAME, kind, registration: registrationOf(NAME, parsePolicy('confirmations(2)')), local },
      ],
      scheme: { verify: blstBls.verify, aggregate: aggregateSignatures },
      group: (units, given) => {
        expect(units).toEqual([NAME]);
        work = given;
        return {
          ...{ units: [], losses: 0, start: () => undefined },
          stop: async () => void (await Promise.all([...ends].map((end) => end()))),
        };
      },
    },
    common,
  );
  return {
    ...{ service, events, faults },
    submitting: async () => (await common.metrics.submitting.get()).values[0]?.value ?? 0,
    async take() {
      const end = await work(NAME);
      ends.add(end);
      return async () => {
        ends.delete(end);
        await end();
      };
    },
  };
}

test('a relay submits while the chain is its own, and stands by otherwise', async () => {
  const local = new FakeLocal(NAME);
  local.grow(20);
  const [one, other] = [relay(3, local), relay(4, local)];
  const committed = () => main.chain(NAME)?.committed.height;
  expect(one.service.lastStep(NAME)).toBeUndefined();
  one.service.start();
  other.service.start();
  expect(one.service.lastStep(NAME)?.result).toMatchObject({ kind: 'idle', reason: /stands by/ });

  const leave = await one.take();
  await expect.poll(committed, { timeout: 90_000 }).toBe(local.tip().height - 1);
  expect([await one.submitting(), await other.submitting()]).toEqual([1, 0]);
  await leave();
  expect([await one.submitting(), one.service.lastStep(NAME)?.result]).toEqual([
    0,
    { kind: 'idle', reason: 'stands by: another relay submits' },
  ]);

  // The other one goes on where it ended, with an account of its own.
  local.grow(10);
  await other.take();
  await expect.poll(committed, { timeout: 90_000 }).toBe(local.tip().height - 1);
  expect(await other.submitting()).toBe(1);
  expect(one.service.account).not.toEqual(other.service.account);
  expect(other.events.some(({ type }) => type === 'registered')).toBe(false);
  await Promise.all([one.service.stop(), other.service.stop()]);
  expect([...one.faults, ...other.faults]).toEqual([]);
});

test('two that both believe the chain to be theirs do each other no harm', async () => {
  const local = new FakeLocal(NAME);
  local.grow(5);
  const [one, other] = [relay(3, local), relay(4, local)];
  one.service.start();
  other.service.start();
  await Promise.all([one.take(), other.take()]);
  for (let i = 0; i < 5; i++) {
    local.grow(4);
    await expect
      .poll(() => main.chain(NAME)?.committed.height, { timeout: 90_000 })
      .toBe(local.tip().height - 1);
  }
  await Promise.all([one.service.stop(), other.service.stop()]);
  // What the one was too late for is refused by a name that may be tried again.
  expect([...one.faults, ...other.faults]).toEqual([]);
});
