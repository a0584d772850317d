import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/schema.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { readPassphrase, writePrivate } from '../../mainchain/crypto/keystore.js';
import { checkGenesis, GENESIS_VERSION } from '../../mainchain/genesis/check.js';
import { formatGenesisFile, parseGenesisFile } from '../../mainchain/genesis/file.js';
import { FileKeys } from '../../mainchain/node/keys.js';
import { utf8 } from '../../proofs/bytes.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { StoreLockedError } from '../../storage/errors.js';
import { LevelStore } from '../../storage/level.js';
import { GENESIS_FILE } from '../trust.js';
import { AlreadyRunningError, DataMismatchError } from './errors.js';

/** Balance of the relay's operator at genesis: enough for years of fees. */
const OPERATOR_BALANCE = 10n ** 15n;
const DELEGATE_BALANCE = 10n ** 12n;
const BASE_FEE = 1000n;
const BYTE_FEE = 1n;

/** Where `up` keeps what. */
export class DataFolder {
  readonly #lock: LevelStore;

  private constructor(
    readonly path: string,
    /** Whether the last run on this folder did not end by itself. */
    readonly wasKilled: boolean,
    lock: LevelStore,
  ) {
    this.#lock = lock;
  }

  /** Opens the folder for this process alone. The lock goes with the process, however that ends. @throws AlreadyRunningError */
  static async open(path: string): Promise<DataFolder> {
    await mkdir(path, { recursive: true });
    try {
      const lock = await LevelStore.open(join(path, 'lock'));
      const wasKilled = existsSync(runningMark(path));
      await writeFile(runningMark(path), `${process.pid}\n`);
      return new DataFolder(path, wasKilled, lock);
    } catch (error) {
      if (error instanceof StoreLockedError) throw new AlreadyRunningError(path, error);
      throw error;
    }
  }

  get genesisFile(): string {
    return join(this.path, GENESIS_FILE);
  }
  get operator(): string {
    return join(this.path, 'operator');
  }
  get proofs(): string {
    return join(this.path, 'proofs');
  }
  delegate(index: number): string {
    return join(this.path, 'delegates', String(index));
  }
  foreign(chain: string): string {
    return join(this.path, 'foreign', chain);
  }
  checkpoint(chain: string): string {
    return join(this.path, 'checkpoints', `${chain}.json`);
  }
  log(part: string): string {
    return join(this.path, 'logs', `${part}.log`);
  }

  /**
   * The main chain's genesis; on the first start, keys and genesis are made. The genesis file comes last: without it, what a
   * killed first start left is made anew.
   * @throws DataMismatchError, KeystoreError, GenesisError
   */
  async genesis(config: Config): Promise<Genesis> {
    if (!existsSync(this.genesisFile)) return this.#create(config);
    const genesis = parseGenesisFile(await readFile(this.genesisFile, 'utf8'));
    const { main } = config;
    if (genesis.delegates.length !== main.delegates) {
      throw new DataMismatchError(
        this.path,
        `was made with ${genesis.delegates.length} delegates, main.delegates is ${main.delegates}`,
      );
    }
    if (genesis.slotMilliseconds !== main.slotMilliseconds || genesis.termBlocks !== main.termBlocks) {
      throw new DataMismatchError(
        this.path,
        'was made with another main.slotMilliseconds or main.termBlocks',
      );
    }
    return genesis;
  }

  async #create(config: Config): Promise<Genesis> {
    const { main } = config;
    if (existsSync(join(this.delegate(0), 'chain')))
      throw new DataMismatchError(this.path, `has a main chain, but no ${GENESIS_FILE}`);
    await rm(join(this.path, 'delegates'), { recursive: true, force: true });
    await rm(this.operator, { recursive: true, force: true });
    const delegates = await Promise.all(
      Array.from({ length: main.delegates }, (_, i) => createKeys(this.delegate(i))),
    );
    const operator = await createKeys(this.operator);
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
        { account: operator.account.account, balance: OPERATOR_BALANCE },
        ...delegates.map((keys) => ({ account: keys.account.account, balance: DELEGATE_BALANCE })),
      ],
    };
    checkGenesis(genesis, blstBls);
    await writePrivate(this.genesisFile, formatGenesisFile(genesis));
    return genesis;
  }

  async close(): Promise<void> {
    await rm(runningMark(this.path), { force: true });
    await this.#lock.close();
  }
}

/** There while `up` runs, and after it was killed. */
function runningMark(path: string): string {
  return join(path, 'running');
}

async function createKeys(folder: string): Promise<FileKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'passphrase');
  await writePrivate(file, `${randomBytes(24).toString('base64url')}\n`);
  return FileKeys.create(join(folder, 'keys'), await readPassphrase(file));
}
