import { prepareCall } from '../../mainchain/contracts/call.js';
import { CallRefusedError } from '../../mainchain/contracts/errors.js';
import { indexRoot } from '../../mainchain/contracts/histories.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { BlsSigner } from '../../mainchain/crypto/signer.js';
import { StateDraft, StateOverlay } from '../../mainchain/state/overlay.js';
import {
  AttestType,
  CommitAttestedType,
  GovernanceActionType,
  GovernanceKind,
  GovernedCallType,
  type Policy,
  PolicyKind,
  PolicyType,
  RotateKeyType,
} from '../../proofs/containers/calls.js';
import { DelegateSetType } from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { type Call, Method } from '../../proofs/containers/transaction.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { transferCall } from '../mainchain/calls.js';
import { CommitteeForeign, smallEthereum } from '../mainchain/committee.js';
import {
  attestCall,
  governCall,
  mine,
  registerCall,
  regtestGenesis,
  regtestSpec,
  smallBitcoin,
  specRootOf,
  submitCall,
  toyCheckpoint,
  toyKind,
  toyRun,
  toySpec,
} from '../mainchain/foreign.js';
import { possession, seeded, World } from '../mainchain/world.js';
import type { FuzzTarget } from './harness.js';

const world = await World.create({ kinds: [smallBitcoin, toyKind, smallEthereum] });
const committee = new CommitteeForeign();
const finalized: Policy = { kind: PolicyKind.finalized, value: 0 };
const bitcoin = mine(regtestGenesis, 8);
const toy = toyRun(toyCheckpoint, 6);
const regtest = specRootOf(regtestSpec());
for (const call of [
  registerCall(world, regtestSpec(), { kind: PolicyKind.confirmations, value: 2 }, regtestGenesis.raw),
  submitCall(regtest, 0, bitcoin.slice(0, 5)),
])
  await world.call(call);
await world.call(committee.register(world));
/** A state in which the toy chain is not registered, and the light client has not begun. */
const early = world.chain.head.root;
const registration = registerCall(world, toySpec(), finalized, toyCheckpoint.raw);
await world.call(registration);
await world.call(attestCall(world, toy.slice(0, 3)));
await world.call(committee.bootstrap());
await world.call(committee.update({ attested: 20, finalized: 16, committee: true }));
await world.call(committee.finalized(committee.run(10, 16)));

const { chain } = world;
const { root, header } = chain.head;
const context = {
  ...{ genesis: world.genesis, genesisRoot: chain.genesisRoot, bls: blstBls, kinds: world.kinds },
  ...{ height: header.height + 1, now: Math.floor(world.genesis.time / 1000) + 60, term: chain.termAt(root) },
};
const delegate = world.delegates[1]?.account ?? world.user;

function unpack<T>(type: { deserialize(bytes: Uint8Array): T }, input: Uint8Array): T {
  try {
    return type.deserialize(input);
  } catch (error) {
    throw new MalformedInputError('input', 'is no argument', error);
  }
}

interface Place {
  readonly sender: Uint8Array;
  /** The block on whose state it is applied. */
  readonly at: Uint8Array;
}

/** Applies a call as a block does. Whatever it contains, it is applied or refused by name. */
function apply(call: Call, { sender = world.user.account, at = root }: Partial<Place> = {}): void {
  const overlay = new StateOverlay(chain.stateAt(at));
  const draft = new StateDraft(overlay);
  const prepared = prepareCall(call, overlay, world.kinds);
  if (!(Number.isSafeInteger(prepared.cost) && prepared.cost >= 0)) throw new Error('a call of no cost');
  try {
    prepared.run(draft, context, sender);
  } catch (error) {
    if (!(error instanceof CallRefusedError))
      throw new Error('neither applied nor refused', { cause: error });
    throw new MalformedInputError('call', error.message, error);
  }
  indexRoot(draft);
  DelegateSetType.hashTreeRoot([...context.term.members]);
}

function target(name: string, calls: readonly Call[], share = 1, place: Partial<Place> = {}): FuzzTarget {
  const [first] = calls;
  return {
    name: `call: ${name}`,
    share,
    seeds: calls.map(({ payload }) => payload),
    run: (payload) => apply({ method: first?.method ?? 0, payload }, place),
  };
}

const fresh = BlsSigner.fromSeed(seeded('fresh'));
const pause = governCall(world, { kind: GovernanceKind.pause, specRoot: regtest });
const policy = governCall(world, {
  ...{ kind: GovernanceKind.setPolicy, specRoot: regtest },
  payload: PolicyType.serialize({ kind: PolicyKind.age, value: 60 }),
});
const attested = attestCall(world, toy.slice(3), { seq: 2 });
const actionOf = ({ payload }: Call) => GovernedCallType.deserialize(payload).action;

/** An action that a quorum signed, whatever it says. */
function signedAction(name: string, calls: readonly Call[], place: Partial<Place> = {}): FuzzTarget {
  return {
    name: `call: ${name}, signed`,
    share: 0.01,
    seeds: calls.map((call) => GovernanceActionType.serialize(actionOf(call))),
    run(input) {
      const action = unpack(GovernanceActionType, input);
      const message = signingRoot(GovernanceActionType, action, 'governance', chain.genesisRoot);
      const payload = GovernedCallType.serialize({ action, ...world.sign(message) });
      apply({ method: Method.govern, payload }, place);
    },
  };
}

/** What the main chain's contracts are called with; some of it signed by a quorum, whatever it says. */
export const callTargets: readonly FuzzTarget[] = [
  target('transfer', [transferCall(sha256(root).subarray(0, 20), 5n)], 0.1),
  target(
    'rotate key',
    [
      {
        method: Method.rotateKey,
        payload: RotateKeyType.serialize({ blsKey: fresh.publicKey, proofOfPossession: possession(fresh) }),
      },
    ],
    0.02,
    { sender: delegate.account },
  ),
  target('govern', [pause, policy], 0.2),
  signedAction('govern', [pause, policy]),
  signedAction('register', [registration], { at: early }),
  target(
    'submit headers',
    [
      submitCall(regtest, 5, bitcoin.slice(5)),
      submitCall(regtest, 3, mine(bitcoin[2] ?? regtestGenesis, 4, 1)),
    ],
    0.2,
  ),
  target('commit attested', [attested], 0.2),
  {
    name: 'call: commit attested, signed',
    share: 0.01,
    seeds: [attested.payload],
    run(input) {
      const read = unpack(CommitAttestedType, input);
      const attest = { ...read.attest, digest: sha256(read.headers) };
      const message = signingRoot(AttestType, attest, 'attestation', chain.genesisRoot);
      const payload = CommitAttestedType.serialize({ ...read, attest, ...world.sign(message) });
      apply({ method: Method.commitAttested, payload });
    },
  },
  target(
    'light client',
    [committee.update({ attested: 75, finalized: 70 }, { kind: 'finalityUpdate' })],
    0.1,
  ),
  target('light client bootstrap', [committee.bootstrap()], 0.1, { at: early }),
  target('finalized headers', [committee.finalized(committee.run(4, 9))], 0.2),
];
