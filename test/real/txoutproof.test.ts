import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bitcoinPayloadBuilder } from '../../adapters/bitcoin/payloadBuilder.js';
import { importInclusion } from '../../adapters/bitcoin/proofs/import.js';
import { decodeMerkleBlock } from '../../adapters/bitcoin/proofs/partialMerkleTree.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { callNode } from '../../devnet/rpcClient.js';
import { fromHex, toBareHex } from '../../proofs/bytes.js';
import { freePorts } from '../support/ports.js';
import { findProgram } from '../support/programs.js';

const binary = findProgram('litecoind');
if (binary === undefined) console.warn('litecoind is not on PATH: skipped');

/** Litecoin: Bitcoin Core's code for Merkle proofs and blocks of Bitcoin's form, with another proof of work. */
describe.skipIf(binary === undefined)('gettxoutproof of Bitcoin Core, in litecoind', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossroot-txoutproof-'));
  let child: ChildProcess;
  let call: (method: string, ...params: unknown[]) => Promise<unknown>;
  let address: string;

  beforeAll(async () => {
    const first = await freePorts(2);
    child = spawn(
      binary ?? '',
      [
        ...['-regtest', `-datadir=${dataDir}`, '-server=1', '-rpcuser=u', '-rpcpassword=p'],
        ...['-printtoconsole=0', '-listen=0', `-rpcport=${first}`, '-fallbackfee=0.001'],
        '-vbparams=mweb:4000000000:4100000000',
      ],
      { stdio: 'ignore' },
    );
    const endpoint = { url: `http://127.0.0.1:${first}`, auth: { user: 'u', password: 'p' } };
    call = (method, ...params) => callNode(endpoint, method, params);
    for (let tries = 0; ; tries++) {
      try {
        await call('getblockcount');
        break;
      } catch (error) {
        if (tries > 300) throw error;
        await sleep(100);
      }
    }
    await call('createwallet', 'w');
    address = String(await call('getnewaddress'));
    await call('generatetoaddress', 130, address);
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  });

  it.each([0, 1, 2, 3, 6, 11])('the same bytes for a block of %i payments, and back', async (payments) => {
    for (let i = 0; i < payments; i++)
      await call('sendtoaddress', address, Number((0.5 + i / 100).toFixed(2)));
    const [hash] = (await call('generatetoaddress', 1, address)) as string[];
    const raw = fromHex(String(await call('getblock', hash, 0)), 'block');
    const block = bitcoinPayloadBuilder.readBlock!(raw);
    const txids = block.transactionHashes.map(displayHash);
    expect(txids).toHaveLength(payments + 1);
    const ours = (index: number, also: string[]) =>
      bitcoinPayloadBuilder.branch!({ format: 'txoutproof', block, index, also }).text;
    const last = txids.length - 1;
    const sets = [...txids.map((_, i) => [i]), [0, last], [0, last >> 1, last], txids.map((_, i) => i)];
    for (const places of sets) {
      const asked = [...new Set(places)].map((place) => txids[place]!);
      const theirs = String(await call('gettxoutproof', asked, hash));
      expect(ours(places[0]!, asked.slice(1))).toBe(theirs);
      // Their node reads ours, and finds the same.
      expect(((await call('verifytxoutproof', theirs)) as string[]).sort()).toEqual([...asked].sort());
      if (!places.includes(0)) continue;
      const raws = await Promise.all(
        asked.map(async (txid) =>
          fromHex(String(await call('getrawtransaction', txid, false, hash)), 'transaction'),
        ),
      );
      const merkleBlock = decodeMerkleBlock(fromHex(theirs, 'proof'));
      const imported = importInclusion(merkleBlock.header, raws, [merkleBlock]);
      const subject = asked.length === 1 ? asked : asked.slice(1);
      const index = txids.indexOf(subject[0]!);
      const parameters = { also: subject.slice(1) };
      const chain = 'bitcoin-regtest';
      const { payload } = bitcoinPayloadBuilder.build({ aspect: 'txs', chain, block, index, parameters });
      expect(toBareHex(imported)).toBe(toBareHex(payload));
    }
  });
});
