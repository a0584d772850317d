import { SharedChains } from '../../../indexers/group/sharedChains.js';
import { kafkaGroup } from '../../../indexers/log/kafka/group.js';
import { KafkaLog } from '../../../indexers/log/kafka/kafkaLog.js';
import { useFastHasher } from '../../../proofs/hash/fast.js';
import { LevelStore } from '../../../storage/level.js';
import { fakeCheckpoint, fakeKind } from '../indexers/fakeKind.js';
import { DRIVERS } from './drivers.js';
import { Plan, PlannedSource } from './plannedSource.js';
import type { IndexerInit, IndexerMessage } from './processes.js';

/** A process that shares the following of planned chains, and tells its parent how it is. */
process.once('message', async (init: IndexerInit) => {
  useFastHasher();
  const make = DRIVERS.find(([name]) => name === init.driver)?.[1];
  if (make === undefined) throw new Error(`no driver ${init.driver}`);
  const settings = { brokers: init.brokers, clientId: 'indexer', requestTimeoutMs: 3000 };
  const [driver, members] = [await make(settings), await make(settings)];
  const store = await LevelStore.open(init.folder);
  const log = new KafkaLog({ driver, store, prefix: init.prefix, maxWaitMs: 100 });
  const failures: Record<string, number> = {};
  const onError = (error: unknown): void => {
    const name = error instanceof Error ? error.name : 'unknown';
    failures[name] = (failures[name] ?? 0) + 1;
  };
  const { group, sessionTimeoutMs } = init;
  let publishing = false;
  const plan = new Plan(init.total);
  const shared = new SharedChains({
    group: kafkaGroup({ ...{ driver: members, topics: log.topics, group, sessionTimeoutMs, onError } }),
    chains: init.chains.map((chain) => ({
      follower: {
        ...{ chain, kind: fakeKind, checkpoint: fakeCheckpoint, log, store, pollMs: 50, onError },
        sources: [new PlannedSource(chain, plan, init.began, init.everyMs)],
      },
    })),
    units: [
      {
        name: 'main',
        async open() {
          publishing = true;
          const stop = async (): Promise<void> => {
            publishing = false;
          };
          return { ended: new Promise(() => undefined), stop };
        },
      },
    ],
    ...{ retryMs: 100, onError },
  });
  shared.start();
  setInterval(() => {
    const heights: Record<string, number> = {};
    for (const chain of init.chains) {
      const height = shared.follower(chain)?.book.tip()?.height;
      if (height !== undefined) heights[chain] = height;
    }
    process.send?.({ heights, publishing, failures } satisfies IndexerMessage);
  }, 100);
  process.on('message', async (message) => {
    if (message !== 'stop') return;
    await shared.stop();
    await log.close();
    await members.close();
    await store.close();
    process.exit();
  });
});
process.once('disconnect', () => process.exit());
