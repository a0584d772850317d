import { expect, test } from 'vitest';
import { networkData, payloadVerifiers } from '../../adapters/registry.js';
import { describeVerdict } from '../../cli/describe.js';
import { nobleBls } from '../../proofs/bls/bls.js';
import { Assurance, type AssuranceCode } from '../../proofs/containers/leaf.js';
import { trustFromGenesis } from '../../proofs/verify/trust.js';
import { verifyProof } from '../../proofs/verify/verify.js';
import { ethereumFixture } from '../fixtures/ethereumProof.js';

const ROOT = `0x00${'ab'.repeat(31)}`;

function verify(work: bigint, assurance: AssuranceCode, chain = 'ethereum-local') {
  const { genesis, proof } = ethereumFixture('tx', { chain, followed: { work, assurance } });
  return verifyProof(proof, {
    networks: networkData,
    payloads: payloadVerifiers,
    bls: nobleBls,
    trust: trustFromGenesis(genesis),
  });
}

test('a verdict says that committees signed the finality, and from which block on they are trusted', () => {
  const verdict = verify(BigInt(ROOT), Assurance.syncCommittee);
  expect(verdict).toMatchObject({ assurance: 'sync-committee', since: { trustedBlockRoot: ROOT } });
  const lines = describeVerdict(verdict);
  expect(lines.find((line) => line.startsWith('assurance'))).toMatch(
    /^assurance {5}sync-committee \(.*\) since checkpoint 0 \(0x/,
  );
  expect(lines).toContain(`trusted block ${ROOT}`);
  const attested = verify(0n, Assurance.attested);
  expect(attested).toMatchObject({ assurance: 'attested' });
  expect(JSON.stringify(describeVerdict(attested))).not.toContain('trusted block');
});

test('the checkpoint alone says which assurance leaves may have', () => {
  const wrong: [bigint, AssuranceCode][] = [
    [0n, Assurance.syncCommittee],
    [BigInt(ROOT), Assurance.attested],
    [BigInt(ROOT), Assurance.work],
    [BigInt(ROOT), Assurance.native],
  ];
  for (const given of wrong) expect(() => verify(...given)).toThrow('is not one that ethereum-local has');
});
