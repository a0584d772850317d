import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRlp, keccak256, stripZerosLeft } from 'ethers';
import { expect, it } from 'vitest';
import { launchAnvil } from './anvil.js';
import { freePort } from './child.js';
import { payEthereum } from './payments/ethereum.js';
import { callNode } from './rpcClient.js';

/** Header fields in their order, through Prague (EIP-7685); true marks a number. */
const FIELDS: readonly (readonly [string, boolean])[] = [
  ['parentHash', false],
  ['sha3Uncles', false],
  ['miner', false],
  ['stateRoot', false],
  ['transactionsRoot', false],
  ['receiptsRoot', false],
  ['logsBloom', false],
  ['difficulty', true],
  ['number', true],
  ['gasLimit', true],
  ['gasUsed', true],
  ['timestamp', true],
  ['extraData', false],
  ['mixHash', false],
  ['nonce', false],
  ['baseFeePerGas', true],
  ['withdrawalsRoot', false],
  ['blobGasUsed', true],
  ['excessBlobGas', true],
  ['parentBeaconBlockRoot', false],
  ['requestsHash', false],
];

function headerHash(block: Record<string, string>): string {
  const item = ([name, isNumber]: readonly [string, boolean]) => {
    const value = String(block[name]);
    return isNumber ? stripZerosLeft(value.length % 2 ? `0x0${value.slice(2)}` : value) : value;
  };
  return keccak256(encodeRlp(FIELDS.map(item)));
}

it('anvil serves every header field: hashes can be recomputed, before and after a restart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'anvil-'));
  for (let run = 0; run < 2; run++) {
    const node = await launchAnvil({ dataDir, port: await freePort() });
    try {
      const paid = await payEthereum(node.url, { wei: 1n });
      for (let height = 0; height <= paid.blockNumber; height++) {
        const block = (await callNode(node, 'eth_getBlockByNumber', [
          `0x${height.toString(16)}`,
          false,
        ])) as Record<string, string>;
        expect([height, headerHash(block)]).toEqual([height, block.hash]);
      }
    } finally {
      await node.stop();
    }
  }
  rmSync(dataDir, { recursive: true });
});
