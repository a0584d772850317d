import { BitArray } from '@chainsafe/ssz';
import type { DelegateSignature, MainChainClient } from '../../mainchain/rpc/types.js';
import type { Bls } from '../../proofs/bls/bls.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { type Delegate, quorum } from '../../proofs/containers/consensus.js';
import { isRetryable } from '../../proofs/errors/base.js';
import type { Clock, NamedClient } from '../ports.js';
import { NoQuorumError } from './errors.js';

/** BLS as a collector of signatures needs it. */
export interface SignatureScheme extends Pick<Bls, 'verify'> {
  /** Sum of signatures, 96 bytes each. */
  aggregate(signatures: readonly Uint8Array[]): Uint8Array;
}

export interface QuorumRequest {
  readonly what: string;
  readonly nodes: readonly NamedClient[];
  readonly setRoot: Uint8Array;
  readonly members: readonly Delegate[];
  /** What each delegate signs, 32 bytes. */
  readonly message: Uint8Array;
  readonly ask: (client: MainChainClient) => Promise<DelegateSignature>;
  readonly scheme: SignatureScheme;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Told of every answer that is not a good signature. */
  readonly onRefusal?: (node: string, error: unknown) => void;
}

export interface Aggregate {
  readonly bits: BitArray;
  readonly signature: Uint8Array;
}

/**
 * Asks every node at once and returns as soon as a quorum has signed. Each signature is checked by itself, so that one
 * bad one cannot spoil the sum; a node that is slow, dead or lying costs nothing while enough others answer.
 * @throws NoQuorumError (retryable) naming what each node said
 */
export async function collectQuorum(request: QuorumRequest): Promise<Aggregate> {
  const { members, scheme, clock } = request;
  const needed = quorum(members.length);
  const signatures = new Map<number, Uint8Array>();
  const refusals: Record<string, string> = {};
  let refused = false;
  const stop = new AbortController();

  await new Promise<void>((resolve) => {
    let open = request.nodes.length;
    if (open === 0) resolve();
    void clock.sleep(request.timeoutMs, stop.signal).then(resolve);
    for (const { name, client } of request.nodes) {
      request
        .ask(client)
        .then((answer) => {
          const problem = check(answer, request);
          if (problem !== undefined) throw new Error(problem);
          signatures.set(answer.index, answer.signature);
        })
        .catch((error: unknown) => {
          refusals[name] = error instanceof Error ? error.message : String(error);
          if (!isRetryable(error)) refused = true;
          request.onRefusal?.(name, error);
        })
        .finally(() => {
          open--;
          if (signatures.size >= needed || open === 0) resolve();
        });
    }
  });
  stop.abort();
  if (signatures.size < needed)
    throw new NoQuorumError(request.what, signatures.size, needed, refusals, refused);
  const indices = [...signatures.keys()].sort((a, b) => a - b);
  return {
    bits: BitArray.fromBoolArray(members.map((_, index) => signatures.has(index))),
    signature: scheme.aggregate(indices.flatMap((index) => signatures.get(index) ?? [])),
  };
}

function check(answer: DelegateSignature, request: QuorumRequest): string | undefined {
  if (!bytesEqual(answer.setRoot, request.setRoot)) return 'it is in another term';
  const member = request.members[answer.index];
  if (!member) return `delegate index ${answer.index} is not in the set`;
  if (!request.scheme.verify(member.blsKey, request.message, answer.signature))
    return 'its signature does not verify';
  return undefined;
}
