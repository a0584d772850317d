import type { ServerResponse } from 'node:http';
import { toHex } from '../../../proofs/bytes.js';
import type { ChainEvent } from '../chain.js';
import { LIGHT_TYPES } from '../containers/light.js';
import { forkAtSlot } from '../forks.js';
import type { BeaconNode } from '../node.js';
import { SLOTS_PER_EPOCH } from '../preset.js';

const TOPICS = [
  'head',
  'chain_reorg',
  'finalized_checkpoint',
  'light_client_finality_update',
  'light_client_optimistic_update',
] as const;
type Topic = (typeof TOPICS)[number];

/** Most listeners at once. */
const MAX_LISTENERS = 32;

/** Server-sent events of the Beacon API. */
export class EventStreams {
  readonly #listeners = new Map<ServerResponse, ReadonlySet<string>>();
  #headBefore: { readonly slot: number; readonly root: string; readonly state: string } | undefined;

  /** @returns whether the listener was taken */
  add(response: ServerResponse, topics: readonly string[]): boolean {
    const known = topics
      .flatMap((one) => one.split(','))
      .filter((one) => TOPICS.some((topic) => topic === one));
    if (known.length === 0 || this.#listeners.size >= MAX_LISTENERS) return false;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    this.#listeners.set(response, new Set(known));
    response.on('close', () => this.#listeners.delete(response));
    return true;
  }

  /** Tells listeners of a change. */
  tell(node: BeaconNode, event: ChainEvent): void {
    const { chain } = node;
    if (event.type === 'head') {
      const { root, slot, record } = chain.head;
      const state = toHex(record.header.stateRoot);
      this.#send('head', {
        slot: String(slot),
        block: toHex(root),
        state,
        epoch_transition: slot % SLOTS_PER_EPOCH === 0,
        execution_optimistic: false,
      });
      this.#headBefore = { slot, root: toHex(root), state };
      this.#light(node);
    }
    if (event.type === 'reorg' && this.#headBefore !== undefined) {
      const { root, record } = chain.head;
      this.#send('chain_reorg', {
        slot: String(event.slot),
        depth: String(this.#headBefore.slot - event.slot),
        old_head_block: this.#headBefore.root,
        new_head_block: toHex(root),
        old_head_state: this.#headBefore.state,
        new_head_state: toHex(record.header.stateRoot),
        epoch: String(Math.floor(event.slot / SLOTS_PER_EPOCH)),
        execution_optimistic: false,
      });
    }
    if (event.type === 'finalized') {
      const { root, epoch, record } = chain.finalized;
      this.#send('finalized_checkpoint', {
        block: toHex(root),
        state: toHex(record.header.stateRoot),
        epoch: String(epoch),
        execution_optimistic: false,
      });
    }
  }

  #light({ chain: { light } }: BeaconNode): void {
    const { finalityUpdate, optimisticUpdate } = light;
    if (optimisticUpdate !== undefined) {
      const version = forkAtSlot(optimisticUpdate.attestedHeader.beacon.slot);
      const data = LIGHT_TYPES[version].optimisticUpdate.toJson(optimisticUpdate);
      this.#send('light_client_optimistic_update', { version, data });
    }
    if (finalityUpdate !== undefined) {
      const version = forkAtSlot(finalityUpdate.attestedHeader.beacon.slot);
      const data = LIGHT_TYPES[version].finalityUpdate.toJson(finalityUpdate);
      this.#send('light_client_finality_update', { version, data });
    }
  }

  #send(topic: Topic, data: unknown): void {
    const text = `event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const [response, topics] of this.#listeners) {
      if (!topics.has(topic)) continue;
      // Who does not read is dropped rather than remembered for.
      if (response.writableLength > 1_000_000) response.destroy();
      else response.write(text);
    }
  }

  close(): void {
    for (const response of this.#listeners.keys()) response.end();
  }
}
