import type { Type } from '@chainsafe/ssz';
import {
  CommitAttestedType,
  GovernedCallType,
  RotateKeyType,
  type SubmitFinalized,
  SubmitFinalizedType,
  SubmitHeadersType,
  SubmitLightClientType,
  TransferType,
} from '../../proofs/containers/calls.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import { readChain } from './chains.js';
import { commitAttested } from './commitAttested.js';
import {
  type BlockContext,
  findNetwork,
  MAX_BATCH_HEADERS,
  MAX_EVIDENCE_HEADERS,
  SIGNER_BYTES,
  UPDATE_COST,
} from './context.js';
import { decodeStrict } from './decode.js';
import { rotateKey } from './delegates.js';
import { MalformedCallError, UnknownMethodError } from './errors.js';
import { readFinality } from './finality.js';
import { countHeaders } from './headers.js';
import { committedHeight, readIndex } from './histories.js';
import { chainName, govern } from './registry.js';
import { submitFinalized } from './submitFinalized.js';
import { submitHeaders } from './submitHeaders.js';
import { submitLightClient } from './submitLightClient.js';
import { transfer } from './token.js';

/** A call, decoded. */
export interface PreparedCall {
  /** Foreign headers to validate at most: counts against `BLOCK_HEADER_BUDGET`. */
  readonly cost: number;
  /** @throws CallRefusedError */
  run(state: StateWriter, context: BlockContext, sender: Uint8Array): void;
}

/**
 * Decodes a call and says what it will cost. Never throws for what a call contains: `run` refuses it.
 */
export function prepareCall(call: Call, state: StateReader, kinds: BlockContext['kinds']): PreparedCall {
  try {
    return decode(call, state, kinds);
  } catch (error) {
    if (!(error instanceof MalformedCallError || error instanceof UnknownMethodError)) throw error;
    return {
      cost: 0,
      run: () => {
        throw error;
      },
    };
  }
}

function decode(call: Call, state: StateReader, kinds: BlockContext['kinds']): PreparedCall {
  switch (call.method) {
    case Method.transfer: {
      const argument = read(TransferType, call);
      return { cost: 0, run: (target, _context, sender) => transfer(target, sender, argument) };
    }
    case Method.rotateKey: {
      const argument = read(RotateKeyType, call);
      return { cost: 0, run: (target, context, sender) => rotateKey(target, context, sender, argument) };
    }
    case Method.govern: {
      const argument = read(GovernedCallType, call);
      return { cost: 0, run: (target, context) => govern(target, context, argument) };
    }
    case Method.submitHeaders: {
      const argument = read(SubmitHeadersType, call);
      return {
        cost: headerCost(state, kinds, argument.specRoot, argument.headers),
        run: (target, context) => submitHeaders(target, context, argument),
      };
    }
    case Method.commitAttested: {
      const argument = read(CommitAttestedType, call);
      return {
        cost: headerCost(state, kinds, argument.attest.specRoot, argument.headers),
        run: (target, context) => commitAttested(target, context, argument),
      };
    }
    case Method.submitLightClient: {
      const argument = read(SubmitLightClientType, call);
      const known = readChain(state, argument.specRoot) !== undefined;
      return {
        cost: known ? UPDATE_COST + Math.ceil(argument.committee.length / SIGNER_BYTES) : 0,
        run: (target, context) => submitLightClient(target, context, argument),
      };
    }
    case Method.submitFinalized: {
      const argument = read(SubmitFinalizedType, call);
      return {
        cost: finalizedCost(state, kinds, argument),
        run: (target, context) => submitFinalized(target, context, argument),
      };
    }
    default:
      throw new UnknownMethodError(`no call has the method ${call.method}`);
  }
}

/** A batch above every limit is refused before any header is validated: it costs nothing. */
function headerCost(
  state: StateReader,
  kinds: BlockContext['kinds'],
  specRoot: Uint8Array,
  headers: Uint8Array,
): number {
  const chain = readChain(state, specRoot);
  if (chain === undefined) return 0;
  const network = findNetwork(kinds, chain.spec.kind, chainName(chain.spec.name));
  if (network === undefined) return 0;
  const count = countHeaders(network.kind, headers);
  return count > MAX_EVIDENCE_HEADERS ? 0 : count;
}

/** The headers that come, and the leaves that may be appended with them: at most a batch of each. */
function finalizedCost(
  state: StateReader,
  kinds: BlockContext['kinds'],
  { specRoot, headers }: SubmitFinalized,
): number {
  const finality = readFinality(state, specRoot);
  if (finality === undefined) return 0;
  const count = headerCost(state, kinds, specRoot, headers);
  const index = readIndex(state, specRoot);
  const waiting = Math.max(index.tipHeight, count === 0 ? 0 : finality.topHeight) - committedHeight(index);
  return Math.min(count, MAX_BATCH_HEADERS) + Math.min(waiting, MAX_BATCH_HEADERS);
}

function read<T>(type: Type<T>, call: Call): T {
  return decodeStrict(type, call.payload, (problem, cause) => {
    return new MalformedCallError(`the payload ${problem}`, cause === undefined ? {} : { cause });
  });
}
