import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import {
  findNetwork,
  formatContext,
  payloadBuilders,
  readUnanchoredHeader,
} from '../../adapters/registry.js';
import type { HeaderBook } from '../../indexers/follow/book.js';
import { Follower } from '../../indexers/follow/follower.js';
import type { EventLog } from '../../indexers/log/eventLog.js';
import { BlockCache } from '../../indexers/sinks/blockCache.js';
import { IndexService } from '../../indexers/sinks/indexService.js';
import { TransactionIndex } from '../../indexers/sinks/transactionIndex.js';
import { transactionSink } from '../../indexers/sinks/transactionSink.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { readPassphrase } from '../../mainchain/crypto/keystore.js';
import { aggregateSignatures } from '../../mainchain/crypto/signer.js';
import { parseGenesisFile } from '../../mainchain/genesis/file.js';
import { FileKeys } from '../../mainchain/node/keys.js';
import { httpClient } from '../../mainchain/rpc/http.js';
import { RegistrationType } from '../../proofs/containers/calls.js';
import { bookPages, followedChain, indexedProofData } from '../../relay/bind.js';
import type { RelayChain } from '../../relay/ports.js';
import { RelayService, type Worker } from '../../relay/service.js';
import { LevelStore } from '../../storage/level.js';
import { type OpenedSources, openFollowed } from '../lightClient.js';
import { openLog } from '../openLog.js';
import { version } from '../version.js';
import { type Running, runChild, send } from './child.js';
import type { ChainInit, RelayInit } from './messages.js';

/** Balance below which the operator is warned: some ten thousand transactions. */
const LOW_BALANCE = 10n ** 9n;

/** So long may an append go on when the relay is to stop. */
const PATIENCE_MS = 3000;

interface Followed {
  readonly chain: RelayChain;
  readonly follower: Follower;
  readonly opened: OpenedSources;
}

/** The relay operator: followers, log, index, submitters, API and page. */
async function startRelay(init: RelayInit, log: Logger): Promise<Running> {
  const genesis = parseGenesisFile(await readFile(init.genesisFile, 'utf8'));
  const keys = await FileKeys.open(
    join(init.operatorDir, 'keys'),
    await readPassphrase(join(init.operatorDir, 'passphrase')),
  );
  const store = await LevelStore.open(join(init.dataDir, 'relay'));
  const logHandle = await openLog(init.log, store, (trouble) => log.warn({ err: trouble }, 'the event log'));
  const eventLog = logHandle.log;
  const followed = await Promise.all(init.chains.map((chain) => follow(chain, eventLog, store, log)));
  const books = new Map<string, HeaderBook>(followed.map(({ follower }) => [follower.chain, follower.book]));
  const blocks = new BlockCache({
    sources: new Map(followed.map(({ chain, opened }) => [chain.name, opened.sources])),
    onFailure: (chain, source, error) => {
      log.warn({ err: error, chain, source: source.name }, 'a source failed');
      const of = followed.find(({ follower }) => follower.chain === chain);
      of?.follower.blame(source, error).catch((failure) => log.error({ err: failure }, 'no evidence kept'));
    },
  });
  const transactions = new TransactionIndex(store, blocks, books);
  const onError = (error: unknown) => log.warn({ err: error }, 'a sink failed; it tries again');
  const sinks = followed.map(({ follower }) => ({
    name: `transactions of ${follower.chain}`,
    sink: transactionSink({ log: eventLog, store, book: follower.book, blocks, onError }),
  }));
  const index = new IndexService({
    folder: join(init.dataDir, 'index'),
    log: eventLog,
    chains: followed.map(({ chain }) => ({ name: chain.name, kind: chain.kind })),
    onError: (error) => log.warn({ err: error }, 'the index failed'),
  });
  const fallback = bookPages([...books.values()]);
  const workers: Worker[] = [
    ...followed.map(({ follower }) => ({
      name: `follower of ${follower.chain}`,
      start: () => follower.start(),
      stop: () => follower.stop(),
    })),
    ...followed.flatMap(({ chain, opened: { lightClient } }) =>
      lightClient === undefined
        ? []
        : [
            {
              name: `light client of ${chain.name}`,
              start: () => lightClient.start(),
              stop: () => lightClient.stop(),
            },
          ],
    ),
    ...sinks.map(({ name, sink }) => ({ name, start: () => sink.start(), stop: () => sink.stop() })),
    { name: 'index', start: () => index.start(), stop: () => index.stop() },
  ];
  const service = await RelayService.start({
    version,
    nodes: init.rpcPorts.map((port, i) => ({
      name: `delegate ${i}`,
      client: httpClient({ url: `http://127.0.0.1:${port}` }),
    })),
    operator: keys.account,
    chains: followed.map(({ chain }) => chain),
    data: indexedProofData(transactions, blocks),
    pages: { page: (chain, from, limit) => (index.available ? index : fallback).page(chain, from, limit) },
    payloads: payloadBuilders,
    format: formatContext,
    genesis,
    verify: { bls: blstBls, readHeader: readUnanchoredHeader },
    scheme: { verify: blstBls.verify, aggregate: aggregateSignatures },
    workers,
    store,
    http: { host: init.host, port: init.port, requestsPerMinute: init.requestsPerMinute },
    lowBalance: LOW_BALANCE,
    onEvent: (event) => {
      if (event.type === 'warning') log.warn(event, event.message);
      else log.debug(event, event.type);
      send({ type: 'event', event });
    },
    onFault: (error) => log.error({ err: error }, 'fault'),
  });
  logHandle.show(service.metrics.registry);
  return {
    url: service.url,
    async stop() {
      // A log whose brokers are down holds writers up for a minute: they are let go before.
      const patience = setTimeout(() => void logHandle.close(), PATIENCE_MS);
      await service.stop();
      await Promise.all(followed.map(({ opened }) => opened.close()));
      clearTimeout(patience);
      await logHandle.close();
      await store.close();
    },
  };
}

async function follow(
  init: ChainInit,
  eventLog: EventLog,
  store: LevelStore,
  log: Logger,
): Promise<Followed> {
  const { kind } = findNetwork(init.name);
  const registration = RegistrationType.deserialize(init.registration);
  const { checkpoint } = registration.spec;
  const onError = (error: unknown, source: string) =>
    log.warn({ err: error, chain: init.name, source }, 'a source failed');
  const opened = await openFollowed({
    chain: init.name,
    sources: init.sources,
    checkpoint,
    header: registration.checkpointHeader,
    store,
    onError,
    onProgress: (progress) => log.info({ chain: init.name, ...progress }, 'catching up with sync committees'),
  });
  const follower = await Follower.open({
    chain: init.name,
    kind,
    checkpoint,
    sources: opened.sources,
    log: eventLog,
    store,
    pollMs: init.pollMilliseconds,
    // A development node that lost its state takes final blocks back; what a committee signed stays.
    finalityReversal:
      opened.lightClient === undefined &&
      (init.name === 'ethereum-local' || init.network?.checksTime === false),
    onError,
  });
  return {
    chain: {
      name: init.name,
      kind,
      registration,
      wanted: init.wanted,
      local: followedChain(follower, opened.lightClient),
      finality: opened.lightClient,
    },
    follower,
    opened,
  };
}

runChild<RelayInit>(startRelay);
