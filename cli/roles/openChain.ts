import type { Logger } from 'pino';
import { findNetwork } from '../../adapters/registry.js';
import type { ChainKind } from '../../adapters/types.js';
import { type Registration, RegistrationType } from '../../proofs/containers/calls.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { Worker } from '../../relay/apiService.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { type OpenedSources, openFollowed } from '../lightClient.js';
import { openSources, sourcePlaces } from '../sources.js';
import type { ChainInit } from './chainInit.js';

/** A chain whose sources this process has opened. */
export interface OpenedChain {
  readonly name: string;
  readonly kind: ChainKind;
  readonly init: ChainInit;
  readonly registration: Registration;
  readonly checkpoint: Checkpoint;
  readonly opened: OpenedSources;
  /** Told of a source's failure. */
  readonly onError: (error: unknown, source: string) => void;
}

/**
 * Opens a chain's sources, and its light client where it is followed by its sync committees.
 * @param store keeps the light client's state
 */
export async function openChain(init: ChainInit, store: KeyValueStore, log: Logger): Promise<OpenedChain> {
  const chain = describe(init, log);
  const { name, checkpoint, registration, onError } = chain;
  const opened = await openFollowed({
    chain: name,
    sources: init.sources,
    checkpoint,
    header: registration.checkpointHeader,
    store,
    onError,
    onProgress: (progress) => log.info({ chain: name, ...progress }, 'catching up with sync committees'),
  });
  return { ...chain, opened };
}

/** Opens those of a chain's sources that have blocks, for a process that takes headers and finality from the log. */
export function openBlockSources(init: ChainInit, log: Logger): OpenedChain {
  const chain = describe(init, log);
  const { name, checkpoint, registration } = chain;
  const start = { ...checkpoint, header: registration.checkpointHeader };
  const sources = openSources(name, init.sources, start);
  const close = async () => void (await Promise.all(sources.map((source) => source.close())));
  return { ...chain, opened: { sources, lightClient: undefined, close } };
}

function describe(init: ChainInit, log: Logger): Omit<OpenedChain, 'opened'> {
  const { name } = init;
  log.info({ chain: name, sources: sourcePlaces(init.sources) }, 'sources');
  const registration = RegistrationType.deserialize(init.registration);
  const onError = (error: unknown, source: string) =>
    log.warn({ err: error, chain: name, source }, 'a source failed');
  return {
    ...{ name, init, registration, onError },
    kind: findNetwork(name).kind,
    checkpoint: registration.spec.checkpoint,
  };
}

/** The light clients of these chains. */
export function lightClientWorkers(chains: readonly OpenedChain[]): Worker[] {
  return chains.flatMap(({ name, opened: { lightClient } }) =>
    lightClient === undefined
      ? []
      : [
          {
            name: `light client of ${name}`,
            start: () => lightClient.start(),
            stop: () => lightClient.stop(),
          },
        ],
  );
}

/** Whether a development node that lost its state may take final blocks back. What a committee signed stays. */
export function mayReverseFinality({ name, init, opened }: OpenedChain): boolean {
  return (
    opened.lightClient === undefined && (name === 'ethereum-local' || init.network?.checksTime === false)
  );
}
