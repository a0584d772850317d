import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crossroot, freePorts, tempFolder, Up } from './support/up.js';

/**
 * Terms of 36 blocks, each with fresh keys: a few of them pass in a minute or two, and on a busy machine too the first proof is
 * made while the trust in the genesis is not stale yet.
 */
const TERM_BLOCKS = 36;

let folder: string;
let up: Up;

beforeAll(async () => {
  folder = await tempFolder('terms');
  const ports = await freePorts();
  up = new Up(folder, ports, {
    main: { termBlocks: TERM_BLOCKS },
    chains: [{ name: 'bitcoin-regtest', policy: 'confirmations(1)', devnet: { port: ports.bitcoin } }],
  });
  up.start();
});

afterAll(async () => {
  await up?.kill();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

async function term(atLeast: number): Promise<number> {
  const reached = async () => {
    const now = Number((await up.get<{ term: string }>('/v1/main/finality')).term);
    return now >= atLeast && now;
  };
  return up.until(`term ${atLeast}`, reached);
}

async function prove(name: string, ...more: string[]): Promise<string> {
  const file = `${folder}/${name}.json`;
  const { transaction } = JSON.parse(await readFile(`${folder}/payment.json`, 'utf8')) as {
    transaction: string;
  };
  const proved = await crossroot(
    'prove',
    '--chain',
    'bitcoin-regtest',
    '--tx',
    transaction,
    '--api',
    up.api,
    '-o',
    file,
    ...more,
  );
  expect(proved.stderr).toBe('');
  return file;
}

it('proofs lead through the hand-overs of terms with rotated keys, until the trust is stale', async () => {
  const keys = async () =>
    (await readdir(`${up.data}/delegates/0/keys`)).filter((name) => name.startsWith('bls-'));
  const [firstKey = ''] = await up.until('the first key', async () => {
    const found = await keys();
    return found.length > 0 && found;
  });
  // Read in the midst of its writing it is none yet.
  const { payload } = await up.until(
    'the first proof',
    async () =>
      JSON.parse(await readFile(`${up.data}/proofs/bitcoin.json`, 'utf8')) as {
        payload: { transactions: { txid: string }[] };
      },
  );
  await writeFile(`${folder}/payment.json`, JSON.stringify({ transaction: payload.transactions[0]!.txid }));

  await term(2);
  const second = await prove('term-2');
  const verified = await crossroot('verify', second, '--data', up.data, '--json');
  expect(verified.code).toBe(0);
  const { anchor } = JSON.parse(await readFile(second, 'utf8')) as { anchor: { handovers: unknown[] } };
  expect(anchor.handovers.length).toBeGreaterThanOrEqual(2);
  // The first term's key is erased, this term's is there.
  await up.until('the first key to be erased', async () => !(await keys()).includes(firstKey));
  expect(await keys()).not.toEqual([]);

  const metrics = await (await fetch(`http://127.0.0.1:${up.ports.rpc + 1}/metrics`)).text();
  expect(metrics).toMatch(/^crossroot_node_finalized_height [1-9]/m);
  expect(metrics).toMatch(/^crossroot_node_voting 1$/m);

  await term(3);
  const trust = `${folder}/trust.json`;
  expect(await crossroot('trust', '--api', up.api, '-o', trust)).toMatchObject({ code: 0 });
  const trusted = JSON.parse(await readFile(trust, 'utf8')) as { header: { term: string } };

  await term(5);
  const fifth = await prove('term-5');
  const stale = await crossroot('verify', fifth, '--data', up.data, '--json');
  expect(stale.code).toBe(1);
  expect(stale.stdout).toContain('"anchor-stale"');
  expect(await crossroot('verify', fifth, '--data', up.data, '--accept-stale-anchor')).toMatchObject({
    code: 0,
  });

  const fromTrust = await prove('from-trust', '--from-term', trusted.header.term);
  expect(await crossroot('verify', fromTrust, '--trust', trust)).toMatchObject({ code: 0 });
  expect((await crossroot('verify', fromTrust, '--data', up.data, '--json')).stdout).toContain(
    '"bad-handover"',
  );
});

it('goes on over a restart in the middle of a term', async () => {
  expect(await up.stop()).toBe(0);
  up.start();
  const now = await term(6);
  await term(now + 1);
  const file = await prove('after-restart');
  expect(await crossroot('verify', file, '--data', up.data, '--accept-stale-anchor')).toMatchObject({
    code: 0,
  });
  expect(await up.stop()).toBe(0);
});
