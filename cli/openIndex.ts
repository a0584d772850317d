import { readFile } from 'node:fs/promises';
import type { ClickHouseIndexConfig, IndexConfig } from '../config/index.js';
import { openChdbStore } from '../indexers/store/chdbStore.js';
import { IndexUnavailableError } from '../indexers/store/errors.js';
import type { IndexStore } from '../indexers/store/indexStore.js';
import { HttpSqlClient, type HttpSqlOptions } from '../indexers/store/sql/http/client.js';
import { SqlIndexStore } from '../indexers/store/sqlStore.js';
import { UnavailableIndexStore } from '../indexers/store/unavailable.js';
import { isRetryable } from '../proofs/errors/base.js';

/** First wait for a server that is not up; doubles. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 10_000;
/** For what only somebody's hand mends, such as a wrong password. */
const LASTING_WAIT_MS = 30_000;
const OPENING = 'it is still being opened';
/** A file with more than that is no password. */
const MAX_PASSWORD = 4096;

export interface OpenIndexOptions {
  readonly config: IndexConfig;
  /** Where chDB keeps an embedded one. */
  readonly folder: string;
  /** Whether it is only asked: no tables are made. Default false. */
  readonly readOnly?: boolean;
  /** Each new reason why it cannot be opened yet; it goes on trying where that may help. */
  readonly onTrouble: (trouble: unknown) => void;
  /** Opens it once. */
  readonly open?: () => Promise<IndexStore>;
  /** Milliseconds of the first wait. */
  readonly firstWaitMs?: number;
}

/** An index that is open, or is waited for in the background. */
export interface OpenIndex {
  /** What to ask and to write to at this moment: until it is open, one that says why it is not. */
  readonly store: IndexStore;
  readonly available: boolean;
  /** Resolves once it is open, or cannot be, or has been closed. */
  opened(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the index that the configuration names. A server that is not up is waited for. */
export function openIndex(options: OpenIndexOptions): OpenIndex {
  const { config, onTrouble, open = () => openOnce(options) } = options;
  const closing = new AbortController();
  let store: IndexStore = unavailable(config.type === 'none' ? 'the configuration has none' : OPENING);
  const tryToOpen = async (): Promise<void> => {
    let wait = options.firstWaitMs ?? FIRST_WAIT_MS;
    let told: string | undefined;
    while (!closing.signal.aborted) {
      try {
        store = await open();
        return;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        store = new UnavailableIndexStore(
          error instanceof IndexUnavailableError
            ? error
            : new IndexUnavailableError(text, error, {
                hint: 'Proofs do not need it. It is tried again by itself.',
                retryable: isRetryable(error),
              }),
        );
        if (text !== told) onTrouble(error);
        told = text;
        if (config.type === 'chdb' && !isRetryable(error)) return;
        await rest(isRetryable(error) ? wait : Math.max(wait, LASTING_WAIT_MS), closing.signal);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    }
  };
  const opening = config.type === 'none' ? Promise.resolve() : tryToOpen();
  return {
    get store() {
      return store;
    },
    get available() {
      return !(store instanceof UnavailableIndexStore);
    },
    opened: () => opening,
    async close() {
      closing.abort();
      await opening;
      const open = store;
      store = unavailable('it has been closed');
      await open.close();
    },
  };
}

/** @throws IndexUnavailableError, IndexQueryError */
async function openOnce({ config, folder, readOnly = false }: OpenIndexOptions): Promise<IndexStore> {
  if (config.type !== 'clickhouse') return openChdbStore(folder, { readOnly });
  const client = await HttpSqlClient.open(await httpOptions(config));
  try {
    // A store that is only asked would notice a wrong password with the first question.
    await client.ping();
    return await SqlIndexStore.open(client, { prefix: config.database, readOnly });
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** With what the configuration's files hold. @throws IndexUnavailableError for one that cannot be read */
export async function httpOptions(config: ClickHouseIndexConfig): Promise<HttpSqlOptions> {
  const { url, username, password, passwordFile, tls, compression, maxConnections } = config;
  const pem = (path: string) => readPart(path);
  return {
    ...{ url, username, compression, maxConnections },
    password: passwordFile === undefined ? (password ?? '') : await readPassword(passwordFile),
    requestTimeoutMs: config.requestTimeoutMilliseconds,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ca: await pem(tls.caFile),
            ...(tls.certFile === undefined ? {} : { cert: await pem(tls.certFile) }),
            ...(tls.keyFile === undefined ? {} : { key: await pem(tls.keyFile) }),
          },
        }),
  };
}

async function readPassword(path: string): Promise<string> {
  const text = (await readPart(path)).toString('utf8');
  if (text.length > MAX_PASSWORD) throw new IndexUnavailableError(`${path} is too long for a password`);
  return text.replace(/\r?\n$/, '');
}

async function readPart(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new IndexUnavailableError(`${path} cannot be read: ${reason}`, error);
  }
}

function unavailable(problem: string): UnavailableIndexStore {
  const options = { hint: 'Proofs do not need it.', retryable: problem === OPENING };
  return new UnavailableIndexStore(new IndexUnavailableError(problem, undefined, options));
}

function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
