import type { Logger } from 'pino';
import { findNetwork } from '../../adapters/registry.js';
import type { ChainKind } from '../../adapters/types.js';
import { type Registration, RegistrationType } from '../../proofs/containers/calls.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { Worker } from '../../relay/apiService.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { type OpenedSources, openFollowed } from '../lightClient.js';
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

/** Opens a chain's sources, and its light client where it is followed by its sync committees. @param store keeps the light client's state */
export async function openChain(init: ChainInit, store: KeyValueStore, log: Logger): Promise<OpenedChain> {
  const { name } = init;
  const { kind } = findNetwork(name);
  const registration = RegistrationType.deserialize(init.registration);
  const { checkpoint } = registration.spec;
  const onError = (error: unknown, source: string) =>
    log.warn({ err: error, chain: name, source }, 'a source failed');
  const opened = await openFollowed({
    chain: name,
    sources: init.sources,
    checkpoint,
    header: registration.checkpointHeader,
    store,
    onError,
    onProgress: (progress) => log.info({ chain: name, ...progress }, 'catching up with sync committees'),
  });
  return { name, kind, init, registration, checkpoint, opened, onError };
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
