import { ChainGroup } from '../../../indexers/log/kafka/group.js';
import { Topics } from '../../../indexers/log/kafka/topics.js';
import { DRIVERS } from './drivers.js';
import type { GroupProcessOptions } from './processes.js';

/** A member of a group, which tells its parent which chains it has. */
process.once('message', async (init: GroupProcessOptions) => {
  const make = DRIVERS.find(([name]) => name === init.driver)?.[1];
  if (make === undefined) throw new Error(`no driver ${init.driver}`);
  const driver = await make({ brokers: init.brokers, clientId: 'member' });
  const topics = new Topics({ prefix: init.prefix, replication: 1, maxBatchBytes: 2 ** 20 });
  const { group, chains, sessionTimeoutMs } = init;
  const member: ChainGroup = new ChainGroup({
    ...{ driver, topics, group, units: chains, sessionTimeoutMs },
    work: async () => async () => undefined,
  });
  member.start();
  setInterval(() => process.send?.({ chains: member.units }), 100);
});
process.once('disconnect', () => process.exit());
