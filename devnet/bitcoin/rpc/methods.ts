import type { RegtestNode } from '../node.js';
import { chainMethods } from './chainMethods.js';
import { Amount } from './encode.js';
import type { RpcMethods } from './method.js';
import { miningMethods, walletMethods } from './miningMethods.js';
import { mempoolMethods } from './transactionMethods.js';

/** What `getnetworkinfo`, `uptime` and `stop` say of a server that has no peers. */
export function serverMethods(subversion: string, startedAt: number, stop: () => void): RpcMethods {
  return {
    getnetworkinfo: {
      params: [],
      call: () => ({
        version: 10000,
        subversion,
        protocolversion: 70016,
        localservices: '0000000000000000',
        localservicesnames: [],
        localrelay: false,
        timeoffset: 0,
        networkactive: false,
        connections: 0,
        connections_in: 0,
        connections_out: 0,
        networks: [],
        relayfee: new Amount(1000n),
        incrementalfee: new Amount(1000n),
        localaddresses: [],
        warnings: [],
      }),
    },
    uptime: { params: [], call: () => Math.floor((Date.now() - startedAt) / 1000) },
    stop: {
      params: [],
      call: () => {
        stop();
        return 'Bitcoin server stopping';
      },
    },
  };
}

/** All RPC methods of a regtest node. `stop` is called by the method of that name. */
export function nodeMethods(node: RegtestNode, stop: () => void): RpcMethods {
  return {
    ...chainMethods(node.chain),
    ...mempoolMethods(node),
    ...miningMethods(node),
    ...walletMethods(node),
    ...serverMethods('/crossroot-regtest:0.1.0/', node.startedAt, stop),
  };
}
