import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileEntry } from '../test/support/compile.js';
import { findBitcoind, launchBitcoind } from './bitcoind.js';
import { freePort } from './child.js';
import { MissingBinaryError, NodeCallError } from './errors.js';
import { callNode } from './rpcClient.js';

/** A program that takes bitcoind's options and runs our node: it has no `loadwallet`, which the launcher must report. */
function standIn(folder: string, entry: string): string {
  const path = join(folder, 'bitcoind');
  const script = `#!/bin/sh
echo "$@" > "${folder}/arguments"
for option in "$@"; do case "$option" in
  -datadir=*) data="\${option#-datadir=}";;
  -rpcport=*) port="\${option#-rpcport=}";;
esac; done
exec "${process.execPath}" "${entry}" --data "$data" --port "$port" >/dev/null
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

it('finds bitcoind on PATH or where the configuration says', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bitcoind-'));
  expect(findBitcoind(undefined, dir)).toBeUndefined();
  const path = standIn(dir, 'x');
  expect(findBitcoind(undefined, `/nonexistent:${dir}`)).toBe(path);
  expect(findBitcoind(path, '')).toBe(path);
  expect(() => findBitcoind(join(dir, 'other'))).toThrow(MissingBinaryError);
  rmSync(dir, { recursive: true });
});

it('starts the program with its options, reads its cookie, and ends it when the wallet cannot be had', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bitcoind-'));
  const port = await freePort();
  const binary = standIn(dir, await compileEntry('devnet/bitcoin/main.ts'));
  await expect(launchBitcoind({ dataDir: dir, port }, binary)).rejects.toMatchObject({
    name: 'NodeCallError',
    method: 'loadwallet',
    code: -32601,
  });
  expect(readFileSync(join(dir, 'arguments'), 'utf8')).toContain(' -listen=0 ');
  const p2pPort = await freePort();
  await expect(launchBitcoind({ dataDir: dir, port: await freePort(), p2pPort }, binary)).rejects.toThrow();
  const listening = readFileSync(join(dir, 'arguments'), 'utf8');
  expect(listening).toContain(` -listen=1 -bind=127.0.0.1:${p2pPort} `);
  expect(listening).not.toContain('-listen=0');
  await expect(callNode({ url: `http://127.0.0.1:${port}` }, 'uptime')).rejects.toThrow(NodeCallError);
  rmSync(dir, { recursive: true });
});
