import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { genesisHeaders } from '../../adapters/bitcoin/rules/genesis.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { findNetwork } from '../../adapters/registry.js';
import { resolveChain } from '../../cli/init/chains.js';
import { DataFolder } from '../../cli/init/data.js';
import { loadConfig } from '../../config/load.js';
import { bytesEqual, toBareHex } from '../../proofs/bytes.js';
import { RegistrationType } from '../../proofs/containers/calls.js';
import { ChainSpecType } from '../../proofs/containers/spec.js';
import { hasData, readBytes } from '../data/folder.js';
import { type ChainView, freePorts, tempFolder, Up } from '../slow/support/up.js';
import { ensureBuilt } from '../support/built.js';

/** Blocks of a signet take long to mine: the public one's headers, which the same header rules hold for, or its genesis alone. */
const headers = hasData
  ? readBytes('btc-headers/signet_0_2015.bin').slice(0, 80 * 100)
  : genesisHeaders.signet;
if (!hasData)
  console.warn('no real chain data in ../shared/data: the custom signet has its genesis block alone');
const tip = headers.length / 80 - 1;
/** With one block on top, as `confirmations(2)` asks; the checkpoint's own at least. */
const committed = String(Math.max(0, tip - 1));
const challenge = `51${'21'.repeat(20)}`;

let folder: string;
beforeAll(async () => {
  folder = await tempFolder('signet');
  await writeFile(join(folder, 'headers.bin'), headers);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const chain = (name: string, signetChallenge: string) => ({
  name,
  signetChallenge,
  policy: 'confirmations(2)',
  pollMilliseconds: 250,
  sources: [{ type: 'bitcoin-headers-file', path: 'headers.bin' }],
});

describe('a custom signet from the configuration', () => {
  /** What every process would be told of the chain, on a data folder of its own. */
  async function resolved(name: string, signetChallenge: string) {
    const path = join(folder, `${name}.json`);
    await writeFile(path, JSON.stringify({ chains: [chain(name, signetChallenge)] }));
    const [config] = (await loadConfig(path)).chains;
    await mkdir(join(folder, name));
    const data = await DataFolder.open(join(folder, name));
    try {
      return await resolveChain(config!, config!.sources ?? [], data, new AbortController().signal);
    } finally {
      await data.close();
    }
  }

  test('reaches the processes with its challenge, and is registered under rules that contain it', async () => {
    const init = await resolved('bitcoin-signet-one', challenge);
    expect(init).toMatchObject({
      name: 'bitcoin-signet-one',
      signetChallenge: challenge,
      pollMilliseconds: 250,
    });
    const { spec, checkpointHeader } = RegistrationType.deserialize(init.registration);
    expect(toBareHex(spec.parameters)).toContain(challenge);
    expect(toBareHex(spec.parameters)).toBe(toBareHex(findNetwork('bitcoin-signet-one').network.parameters));
    expect(checkpointHeader).toEqual(genesisHeaders.signet);
    expect(spec.genesisHash).toEqual(bitcoinNetwork('bitcoin-signet').genesisHash);
  });

  test('is another chain under another challenge, and none of the public signet', async () => {
    const roots = [];
    for (const [name, of] of [
      ['bitcoin-signet-two', challenge],
      ['bitcoin-signet-three', '51'],
    ] as const) {
      const { spec } = RegistrationType.deserialize((await resolved(name, of)).registration);
      // The name aside.
      roots.push(ChainSpecType.hashTreeRoot({ ...spec, name: new Uint8Array() }));
      const open = { ...spec, parameters: bitcoinNetwork('bitcoin-signet').parameters };
      roots.push(ChainSpecType.hashTreeRoot({ ...open, name: new Uint8Array() }));
    }
    const [two, open, three, same] = roots;
    expect(bytesEqual(two!, three!)).toBe(false);
    expect(bytesEqual(open!, same!)).toBe(true);
    expect(bytesEqual(two!, open!)).toBe(false);
    expect(bytesEqual(three!, open!)).toBe(false);
  });
});

describe('up with a custom signet', () => {
  let up: Up;
  beforeAll(async () => {
    ensureBuilt();
    up = new Up(folder, await freePorts(), { chains: [chain('bitcoin-signet-up', challenge)] });
  });
  afterAll(() => up?.kill());

  test('starts delegates and relay, which follow it and commit to it; and again', async () => {
    for (const _ of ['first start', 'second start']) {
      up.start();
      const view = await up.until('the signet’s headers', async () => {
        const found = await up.get<ChainView>('/v1/chains/bitcoin-signet-up');
        return found.status === 'active' && found.committed?.height === committed && found;
      });
      expect(view).toMatchObject({ start: '0', epoch: '0', local: { height: String(tip) } });
      expect(await up.stop()).toBe(0);
    }
  });
});
