import type { Logger } from 'pino';
import { startBeacon } from '../../devnet/beacon/serve.js';
import type { Running } from '../roles/running.js';
import { runChild, send } from './child.js';
import type { BeaconInit } from './messages.js';

/** The local beacon chain: it drives the local Ethereum node and serves its own API. */
async function start(init: BeaconInit, log: Logger): Promise<Running> {
  const service = await startBeacon({
    dataDir: init.dataDir,
    execution: init.execution,
    executionState: init.executionState,
    port: init.port,
    slotMilliseconds: init.slotMilliseconds,
    onProblem: (problem) => {
      if (problem === undefined) log.info('the beacon chain goes on');
      else log.error(problem);
      send({ type: 'problem', problem });
    },
    onError: (error) => log.error({ err: error }, 'a request failed'),
    onFatal: (error) => {
      throw error;
    },
  });
  return { url: service.url, stop: () => service.close() };
}

runChild<BeaconInit>(start);
