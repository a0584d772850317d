import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trustedBlockRoot } from '../../adapters/ethereum/trustedBlock.js';
import { DataFolder } from '../../cli/init/data.js';
import { checkTrustedRoot, findTrustedBlock } from '../../cli/init/trustedBlock.js';
import type { ChainConfig } from '../../config/schema.js';
import { toHex } from '../../proofs/bytes.js';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { TestBeacon } from '../support/beacon.js';
import { type HostileHttp, hostileHttp } from '../support/hostileHttp.js';

const { signal } = new AbortController();
let folder: string;
let beacon: TestBeacon;
let front: HostileHttp;
beforeAll(async () => {
  useFastHasher();
  folder = mkdtempSync(join(tmpdir(), 'crossroot-trusted-'));
  beacon = await TestBeacon.start(40);
  front = await hostileHttp(beacon.url);
});
afterAll(async () => {
  await front.close();
  await beacon.close();
  rmSync(folder, { recursive: true, force: true });
});

const chain = (more: Partial<ChainConfig>): ChainConfig => ({
  name: 'ethereum-local',
  policy: 'finalized',
  contentsDepth: 10,
  ...more,
});
const source = (url: string) => ({ type: 'beacon-api' as const, url });

describe('where a chain that is followed by sync committee begins', () => {
  it('the execution block in the trusted beacon block', async () => {
    const root = beacon.root(16);
    const config = chain({ checkpoint: { trustedBlockRoot: toHex(root) } });
    const found = await findTrustedBlock(config, [source(beacon.url)], signal);
    const payload = beacon.engine.blocks[found?.checkpoint.height ?? 0];
    expect(found?.checkpoint.height).toBeGreaterThan(0);
    expect(found?.checkpoint.hash).toEqual(payload?.blockHash);
    expect(found && trustedBlockRoot(found.checkpoint)).toEqual(root);
    expect(await findTrustedBlock(chain({}), [source(beacon.url)], signal)).toBeUndefined();
  });

  it('a bootstrap that is not of that block is named, and nothing begins', async () => {
    front.lie = (response, { path, body, status }) => {
      const json = body.toString();
      response
        .writeHead(status)
        .end(path.includes('bootstrap') ? json.replace('"slot":"16"', '"slot":"17"') : body);
    };
    const config = chain({ checkpoint: { trustedBlockRoot: toHex(beacon.root(16)) } });
    await expect(findTrustedBlock(config, [source(front.url)], signal)).rejects.toThrow(
      /gave a bootstrap of another block/,
    );
    front.lie = undefined;
  });

  it('a block on which providers agree', async () => {
    const config = chain({ checkpointProviders: [beacon.url, front.url] });
    const found = await findTrustedBlock(config, [source(beacon.url)], signal);
    expect(found && trustedBlockRoot(found.checkpoint)).toEqual((await newest()).root);
    front.lie = (response) => response.writeHead(500).end('{}');
    await expect(findTrustedBlock(config, [source(beacon.url)], signal)).rejects.toThrow(
      /fewer than 2 checkpoint providers agree .*HTTP 500/,
    );
    front.lie = undefined;
  });

  it('where it began before, and nowhere else', async () => {
    const data = await DataFolder.open(join(folder, 'data'));
    const config = chain({ checkpoint: { trustedBlockRoot: toHex(beacon.root(16)) } });
    const kept = await findTrustedBlock(config, [source(beacon.url)], signal);
    if (kept === undefined) throw new Error('nothing found');
    checkTrustedRoot(config, kept, data);
    checkTrustedRoot(chain({}), kept, data);
    const other = chain({ checkpoint: { trustedBlockRoot: toHex(beacon.root(8)) } });
    expect(() => checkTrustedRoot(other, kept, data)).toThrow(
      /has followed ethereum-local from another trusted/,
    );
    const attested = { ...kept, checkpoint: { ...kept.checkpoint, work: 0n } };
    expect(() => checkTrustedRoot(config, attested, data)).toThrow(/another trusted beacon block/);
    await data.close();
  });
});

async function newest(): Promise<{ readonly root: Uint8Array }> {
  return { root: beacon.root(24) };
}
