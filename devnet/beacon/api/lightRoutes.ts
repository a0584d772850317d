import type { Type } from '@chainsafe/ssz';
import { concatBytes, fromHex, toHex } from '../../../proofs/bytes.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { LIGHT_TYPES, type LightUpdate } from '../containers/light.js';
import { forkDigest } from '../domains.js';
import { forkAtSlot } from '../forks.js';
import type { BeaconNode } from '../node.js';
import { epochOf } from '../preset.js';
import { badRequest, notFound, type Reply, type Request } from './reply.js';

/** altair `p2p-interface.md`, MAX_REQUEST_LIGHT_CLIENT_UPDATES */
const MAX_UPDATES = 128;

/** Answers below `eth/v1/beacon/light_client`. */
export function lightRoute(node: BeaconNode, [what, argument]: readonly string[], request: Request): Reply {
  const { light } = node.chain;
  switch (what) {
    case 'bootstrap': {
      const root = rootOf(argument);
      if (root === undefined) return badRequest('no block root');
      const bootstrap = light.bootstrap(root);
      if (bootstrap === undefined) return notFound('block');
      return versioned('bootstrap', bootstrap.header.beacon.slot, bootstrap, request);
    }
    case 'updates':
      return updates(node, request);
    case 'finality_update': {
      const update = light.finalityUpdate;
      if (update === undefined) return notFound('finality update');
      return versioned('finalityUpdate', update.attestedHeader.beacon.slot, update, request);
    }
    case 'optimistic_update': {
      const update = light.optimisticUpdate;
      if (update === undefined) return notFound('optimistic update');
      return versioned('optimisticUpdate', update.attestedHeader.beacon.slot, update, request);
    }
    default:
      return notFound('route');
  }
}

function rootOf(text: string | undefined): Uint8Array | undefined {
  try {
    return fromHex(text ?? '', 'root', 32);
  } catch (error) {
    if (error instanceof MalformedInputError) return undefined;
    throw error;
  }
}

type Single = 'bootstrap' | 'finalityUpdate' | 'optimisticUpdate';

/** `{version, data}` or SSZ, in the form of the fork at `slot`. */
function versioned(kind: Single, slot: number, value: object, request: Request): Reply {
  const version = forkAtSlot(slot);
  // Values have the newest fork's fields: the types of older forks leave out what they do not have.
  const type: Type<unknown> = LIGHT_TYPES[version][kind];
  if (request.ssz) return { ssz: type.serialize(value), version };
  return { json: { version, data: type.toJson(value) }, version };
}

function updates(node: BeaconNode, { query, ssz }: Request): Reply {
  const start = Number(query.get('start_period'));
  const count = Number(query.get('count'));
  if (!query.has('start_period') || !Number.isSafeInteger(start) || start < 0)
    return badRequest('no start_period');
  if (!Number.isSafeInteger(count) || count < 1) return badRequest('no count');
  const found = node.chain.light.updates(start, Math.min(count, MAX_UPDATES));
  if (ssz) return { ssz: concatBytes(...found.map((update) => chunk(node, update))) };
  return { json: found.map(updateJson) };
}

function updateJson(update: LightUpdate): unknown {
  const version = forkAtSlot(update.attestedHeader.beacon.slot);
  return { version, data: LIGHT_TYPES[version].update.toJson(update) };
}

/** Length of what follows (8 bytes, little-endian), fork digest, SSZ: the Beacon API's form of several updates. */
function chunk(node: BeaconNode, update: LightUpdate): Uint8Array {
  const { slot } = update.attestedHeader.beacon;
  const bytes = LIGHT_TYPES[forkAtSlot(slot)].update.serialize(update);
  const digest = forkDigest(epochOf(slot), node.chain.genesisValidatorsRoot);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(digest.length + bytes.length), true);
  return concatBytes(length, digest, bytes);
}

/** An equivocation, for `/devnet/equivocations`. */
export function equivocationsJson(node: BeaconNode): unknown {
  return node.chain.light.equivocations.map(({ slot, roots, optimisticUpdate }) => {
    const version = forkAtSlot(slot);
    return {
      slot: String(slot),
      roots: roots.map(toHex),
      optimistic_update: { version, data: LIGHT_TYPES[version].optimisticUpdate.toJson(optimisticUpdate) },
    };
  });
}
