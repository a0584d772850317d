import { expect, it } from 'vitest';
import { nobleBls } from '../../proofs/bls/bls.js';
import { toHex } from '../../proofs/bytes.js';
import { type Evidence, EvidenceType } from '../../proofs/containers/evidence.js';
import { verifyEvidence } from '../../proofs/verify/evidence.js';
import { World } from '../../test/mainchain/world.js';
import { DoubleBlockWatch } from './doubleBlocks.js';

it('turns two blocks of one producer for one slot into evidence', async () => {
  const world = await World.create();
  const [a, b, next] = [
    await world.build({ slot: 2 }),
    await world.build({ slot: 2, extra: new Uint8Array(32).fill(1) }),
    await world.build({ slot: 3 }),
  ];
  const watch = new DoubleBlockWatch();
  const add = (built: typeof a) =>
    watch.add({ header: built.header, signature: built.block.signature }, built.root);
  expect(add(a)).toBeUndefined();
  expect(add(a)).toBeUndefined();
  expect(add(next)).toBeUndefined();
  const evidence = EvidenceType.deserialize(EvidenceType.serialize(add(b)!));
  const members = world.genesis.delegates.map((d) => d.delegate);
  const check = (e: Evidence) => verifyEvidence(e, world.chain.genesisRoot, () => members, nobleBls);
  expect(toHex(check(evidence))).toBe(toHex(members[a.header.producer]!.account));
  const [x, y] = evidence.headers;
  expect(() => check({ ...evidence, headers: [x!, x!] })).toThrow('the same');
  expect(() => check({ ...evidence, headers: [x!] })).toThrow('two headers');
  const other = { header: next.header, signature: next.block.signature };
  expect(() => check({ ...evidence, headers: [x!, other] })).toThrow('different slots');
  expect(() => check({ ...evidence, headers: [x!, { ...y!, signature: x!.signature }] })).toThrow(
    'did not sign',
  );
});
