import { BitArray } from '@chainsafe/ssz';
import { describe, expect, it } from 'vitest';
import { toHex, utf8, ZERO32 } from '../../proofs/bytes.js';
import {
  type Certificate,
  DelegateSetType,
  type VoteData,
  VoteDataType,
} from '../../proofs/containers/consensus.js';
import { signingRoot } from '../../proofs/containers/domains.js';
import { EvidenceKind, type SignedVote } from '../../proofs/containers/evidence.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import { verifyEvidence } from '../../proofs/verify/evidence.js';
import { fakeCrypto, fakeDelegates, fakeSign, GENESIS } from '../../test/mainchain/fakes.js';
import { CasperFfg } from './casper.js';
import type { ConsensusBlock } from './types.js';

const members = fakeDelegates(4);
const setRoot = DelegateSetType.hashTreeRoot(members);
const genesis: ConsensusBlock = { root: GENESIS, height: 0, parentRoot: ZERO32, slot: 0, term: 0, setRoot };
const bls = { ...fakeCrypto, verifyPossession: () => true };

function block(parent: ConsensusBlock, name: string): ConsensusBlock {
  return {
    root: sha256(utf8(name)),
    parentRoot: parent.root,
    height: parent.height + 1,
    slot: parent.slot + 1,
    term: 0,
    setRoot,
  };
}
function link(source: ConsensusBlock, target: ConsensusBlock, more: Partial<VoteData> = {}): VoteData {
  return {
    genesisRoot: GENESIS,
    term: 0,
    setRoot,
    source: { height: source.height, root: source.root },
    target: { height: target.height, root: target.root },
    ...more,
  };
}
function sign(vote: VoteData, index: number): SignedVote {
  return {
    vote,
    index,
    signature: fakeSign(members[index]!.blsKey, signingRoot(VoteDataType, vote, 'vote', GENESIS)),
  };
}
function certificate(vote: VoteData, signers: number[], bitLen = 4): Certificate {
  const bits = BitArray.fromBitLen(bitLen);
  for (const i of signers) bits.set(i, true);
  return { vote, bits, signature: fakeCrypto.aggregate(signers.map((i) => sign(vote, i).signature)) };
}
function setup() {
  const engine = new CasperFfg(GENESIS, genesis, members, fakeCrypto);
  const a1 = block(genesis, 'a1');
  const a2 = block(a1, 'a2');
  const a3 = block(a2, 'a3');
  const b1 = block(genesis, 'b1');
  const b2 = block(b1, 'b2');
  for (const one of [a1, a2, a3, b1, b2]) engine.addBlock(one, members);
  return { engine, a1, a2, a3, b1, b2 };
}

describe('Casper FFG', () => {
  it('justifies with three of four and finalises only by a direct link', () => {
    const { engine, a1, a2, a3 } = setup();
    for (const i of [0, 1]) expect(engine.addVote(sign(link(genesis, a1), i)).justified).toBeUndefined();
    const third = engine.addVote(sign(link(genesis, a1), 2));
    expect(third.justified?.height).toBe(1);
    expect(third.certificates).toHaveLength(1);
    expect(engine.finalized.height).toBe(0);
    expect(engine.addCertificate(certificate(link(a1, a3), [0, 1, 3])).justified?.height).toBe(3);
    expect(engine.finalized.height).toBe(0);
    // The direct link comes late and still finalises.
    expect(engine.addCertificate(certificate(link(a1, a2), [1, 2, 3])).finalized?.height).toBe(1);
    expect(engine.justified.height).toBe(3);
  });

  it('keeps to the highest justified block even if another branch is longer', () => {
    const { engine, b1, b2, a3 } = setup();
    expect(engine.head.root).toEqual(a3.root);
    const effects = engine.addCertificate(certificate(link(genesis, b1), [0, 1, 2]));
    expect(effects.head?.root).toEqual(b2.root);
    expect(engine.nextVote()).toEqual(link(b1, b2));
    const a4 = block(a3, 'a4');
    expect(engine.addBlock(a4, members).head).toBeUndefined();
  });

  it('stays with the first seen of two equally long branches', () => {
    const { engine, a3, b2 } = setup();
    engine.addBlock(block(b2, 'b3'), members);
    expect(engine.head.root).toEqual(a3.root);
    engine.addBlock(block(block(b2, 'b3'), 'b4'), members);
    expect(engine.head.height).toBe(4);
  });

  it('never leaves a final block', () => {
    const { engine, a1, a2, b2 } = setup();
    engine.addCertificate(certificate(link(genesis, a1), [0, 1, 2]));
    engine.addCertificate(certificate(link(a1, a2), [0, 1, 2]));
    expect(engine.finalized.height).toBe(1);
    expect(engine.addBlock(block(b2, 'b3'), members).acceptance.status).toBe('ignored');
    expect(
      engine.addCertificate(certificate(link(genesis, block(genesis, 'c1')), [0, 1, 2])).acceptance.status,
    ).toBe('ignored');
  });

  it('takes votes and certificates before their block', () => {
    const { engine, a3 } = setup();
    const a4 = block(a3, 'a4');
    for (const i of [0, 1, 2]) {
      expect(engine.addVote(sign(link(genesis, a4), i)).acceptance).toMatchObject({
        status: 'waiting',
        height: 4,
      });
    }
    expect(engine.addBlock(a4, members).justified?.height).toBe(4);
    const a5 = block(a4, 'a5');
    expect(engine.addCertificate(certificate(link(a4, a5), [0, 1, 2])).acceptance.status).toBe('waiting');
    expect(engine.addBlock(a5, members).finalized?.height).toBe(4);
  });

  it('refuses votes and certificates with a flaw, each by name', () => {
    const { engine, a1, a2, b2 } = setup();
    const good = sign(link(genesis, a1), 0);
    const reason = (e: { acceptance: object }) =>
      'reason' in e.acceptance ? e.acceptance.reason : 'accepted';
    expect(reason(engine.addVote(sign(link(genesis, a1, { genesisRoot: ZERO32 }), 0)))).toBe(
      'vote of another genesis',
    );
    expect(reason(engine.addVote(sign(link(a1, a1), 0)))).toBe('vote does not go forward');
    expect(reason(engine.addVote({ ...good, index: 1 }))).toBe('bad vote signature');
    expect(reason(engine.addVote({ ...good, index: 4 }))).toBe('no such delegate');
    expect(reason(engine.addVote(sign(link(genesis, a1, { setRoot: ZERO32 }), 0)))).toBe(
      'vote of an unknown set',
    );
    expect(reason(engine.addVote(sign(link(genesis, { ...a1, height: 500 }), 0)))).toBe('vote far ahead');
    expect(reason(engine.addCertificate(certificate(link(genesis, a1), [0, 1])))).toBe(
      'certificate without a quorum',
    );
    expect(reason(engine.addCertificate(certificate(link(genesis, a1), [0, 1, 2], 5)))).toBe(
      'certificate bits do not fit the set',
    );
    const forged = { ...certificate(link(genesis, a1), [0, 1, 2]), signature: new Uint8Array(96) };
    expect(reason(engine.addCertificate(forged))).toBe('bad certificate signature');
    expect(reason(engine.addCertificate(certificate(link(a1, b2), [0, 1, 2])))).toBe(
      'source is not an ancestor of the target',
    );
    expect(reason(engine.addCertificate(certificate(link(genesis, { ...a2, height: 1 }), [0, 1, 2])))).toBe(
      'certificate names a wrong height',
    );
    expect(reason(engine.addCertificate(certificate(link(genesis, a1, { term: 1 }), [0, 1, 2])))).toBe(
      'certificate of another term than its target',
    );
    expect(engine.justified.height).toBe(0);
  });

  it('keeps double and surround votes as evidence that anyone can check', () => {
    const { engine, a1, a2, a3, b1 } = setup();
    engine.addVote(sign(link(genesis, a1), 3));
    const [double] = engine.addVote(sign(link(genesis, b1), 3)).evidence;
    expect(double?.kind).toBe(EvidenceKind.doubleVote);
    engine.addVote(sign(link(a1, a2), 2));
    const [surround] = engine.addVote(sign(link(genesis, a3), 2)).evidence;
    expect(surround?.kind).toBe(EvidenceKind.surroundVote);
    const sets = () => members;
    expect(toHex(verifyEvidence(double!, GENESIS, sets, bls))).toBe(toHex(members[3]!.account));
    expect(toHex(verifyEvidence(surround!, GENESIS, sets, bls))).toBe(toHex(members[2]!.account));
    const [x, y] = double!.votes;
    const flaw = (e: Partial<typeof surround>) => () =>
      verifyEvidence({ ...double!, ...e }, GENESIS, sets, bls);
    expect(flaw({ votes: [x!, x!] })).toThrow('the same');
    expect(flaw({ votes: [x!] })).toThrow('two votes');
    expect(flaw({ kind: 9 })).toThrow('not known');
    expect(flaw({ kind: EvidenceKind.surroundVote })).toThrow('does not surround');
    expect(flaw({ votes: [x!, { ...y!, index: 0 }] })).toThrow('did not sign');
    expect(flaw({ votes: [x!, sign(y!.vote, 1)] })).toThrow('two delegates');
    expect(() => verifyEvidence(double!, ZERO32, sets, bls)).toThrow('another main chain');
    expect(() => verifyEvidence(double!, GENESIS, () => undefined, bls)).toThrow('not known');
  });

  it('counts a delegate once, and stops listening to one caught at a height', () => {
    const { engine, a1, b1 } = setup();
    engine.addVote(sign(link(genesis, a1), 0));
    expect(engine.addVote(sign(link(genesis, a1), 0)).acceptance.status).toBe('known');
    engine.addVote(sign(link(genesis, b1), 0));
    const again = engine.addVote(sign(link(genesis, block(genesis, 'c1')), 0));
    expect(again.acceptance.status).toBe('known');
    expect(again.evidence).toEqual([]);
    expect(engine.justified.height).toBe(0);
  });
});
