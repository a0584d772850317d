import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MainConfig } from '../../config/main.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { writePrivate } from '../../mainchain/crypto/keystore.js';
import { checkGenesis, GENESIS_VERSION } from '../../mainchain/genesis/check.js';
import { formatGenesisFile, parseGenesisFile } from '../../mainchain/genesis/file.js';
import { FileKeys } from '../../mainchain/node/keys.js';
import { utf8 } from '../../proofs/bytes.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { passphraseFile, passphraseOf } from '../passphrase.js';
import { DataMismatchError, NotInitialisedError } from './errors.js';
import type { DataPaths } from './paths.js';

/** Balance of a relay's operator at genesis: enough for years of fees. */
const OPERATOR_BALANCE = 10n ** 15n;
const DELEGATE_BALANCE = 10n ** 12n;
const BASE_FEE = 1000n;
const BYTE_FEE = 1n;

/**
 * The main chain's genesis; on the first start, keys and genesis are made. The genesis file comes last: without it, what a
 * killed first start left is made anew.
 * @param passphrase of all new keys; without it, each folder gets one of its own
 * @throws DataMismatchError, KeystoreError, GenesisError
 */
export async function makeGenesis(main: MainConfig, paths: DataPaths, passphrase?: string): Promise<Genesis> {
  return existsSync(paths.genesisFile) ? readGenesis(main, paths) : create(main, paths, passphrase);
}

/**
 * The genesis that `init` or an earlier start made.
 * @throws NotInitialisedError; DataMismatchError if it is of other settings; GenesisError
 */
export async function readGenesis(main: MainConfig, paths: DataPaths): Promise<Genesis> {
  if (!existsSync(paths.genesisFile)) throw new NotInitialisedError(paths.genesisFile);
  const genesis = parseGenesisFile(await readFile(paths.genesisFile, 'utf8'));
  const refuse = (problem: string) => {
    throw new DataMismatchError(paths.path, problem);
  };
  const made = genesis.delegates.length;
  if (made !== main.delegates) refuse(`was made with ${made} delegates, main.delegates is ${main.delegates}`);
  if (genesis.slotMilliseconds !== main.slotMilliseconds || genesis.termBlocks !== main.termBlocks)
    refuse('was made with another main.slotMilliseconds or main.termBlocks');
  const name = new TextDecoder().decode(genesis.name);
  if (name !== main.name) refuse(`was made with main.name ${name}, which is ${main.name} now`);
  const operators = genesis.balances.length - made;
  if (operators < main.operators)
    refuse(`was made with ${operators} operator accounts, main.operators is ${main.operators}`);
  return genesis;
}

async function create(main: MainConfig, paths: DataPaths, passphrase: string | undefined): Promise<Genesis> {
  if (existsSync(join(paths.delegate(0), 'chain')))
    throw new DataMismatchError(paths.path, 'has a main chain, but no genesis.json');
  const count = (number: number) => Array.from({ length: number }, (_, i) => i);
  const folders = (number: number, folder: (index: number) => string) => count(number).map(folder);
  const delegateFolders = folders(main.delegates, (i) => paths.delegate(i));
  const operatorFolders = folders(main.operators, (i) => paths.operator(i));
  for (const folder of [...delegateFolders, ...operatorFolders]) await empty(folder);
  const createAll = (folders: readonly string[]) =>
    Promise.all(folders.map((folder) => createKeys(folder, passphrase)));
  const delegates = await createAll(delegateFolders);
  const operators = await createAll(operatorFolders);
  const genesis: Genesis = {
    version: GENESIS_VERSION,
    name: utf8(main.name),
    time: Date.now(),
    slotMilliseconds: main.slotMilliseconds,
    termBlocks: main.termBlocks,
    baseFee: BASE_FEE,
    byteFee: BYTE_FEE,
    delegates: delegates.map((keys) => {
      const [blsKey = new Uint8Array(48)] = keys.list();
      const proofOfPossession = keys.bls(blsKey)?.provePossession() ?? new Uint8Array(96);
      return { delegate: { account: keys.account.account, blsKey }, proofOfPossession };
    }),
    balances: [
      ...operators.map((keys) => ({ account: keys.account.account, balance: OPERATOR_BALANCE })),
      ...delegates.map((keys) => ({ account: keys.account.account, balance: DELEGATE_BALANCE })),
    ],
  };
  checkGenesis(genesis, blstBls);
  await writePrivate(paths.genesisFile, formatGenesisFile(genesis));
  return genesis;
}

/** Makes the folder, or removes all that is in it: it may be where a volume is mounted, and stays then. */
async function empty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
}

async function createKeys(folder: string, given: string | undefined): Promise<FileKeys> {
  if (given === undefined)
    await writePrivate(passphraseFile(folder), `${randomBytes(24).toString('base64url')}\n`);
  return FileKeys.create(join(folder, 'keys'), await passphraseOf(folder, given));
}
