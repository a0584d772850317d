import { describe, expect, test } from 'vitest';
import { genesisHeaders } from '../adapters/bitcoin/rules/genesis.js';
import { foreignHeader } from '../adapters/bitcoin/rules/header.js';
import { mineAfter } from '../adapters/bitcoin/testing/samples.js';
import { SourceFaultError, SourceUnavailableError } from '../adapters/errors.js';
import { trustedBlockCheckpoint } from '../adapters/ethereum/trustedBlock.js';
import { specFor } from '../adapters/registry.js';
import type { Source } from '../adapters/source.js';
import { ApprovalRefusedError, AttestationRefusedError } from '../mainchain/node/attestation.js';
import type { ChainState } from '../mainchain/rpc/types.js';
import { concatBytes, ZERO32 } from '../proofs/bytes.js';
import { type Attest, GovernanceKind, PolicyType, RegistrationType } from '../proofs/containers/calls.js';
import { ChainSpecType } from '../proofs/containers/spec.js';
import { sha256 } from '../proofs/hash/hasher.js';
import { parsePolicy } from '../timing/policy.js';
import { SourceAttestor } from './attestor.js';

const chain = [foreignHeader(genesisHeaders.regtest, 0)];
for (let i = 0; i < 10; i++) chain.push(mineAfter(chain[i]!));
const registration = {
  spec: specFor('ethereum-local', {
    height: 0,
    hash: chain[0]!.hash,
    work: 0n,
    periodStartTime: 0,
    periodStartBits: 0,
  }),
  policy: parsePolicy('finalized'),
  checkpointHeader: chain[0]!.raw,
};
const specRoot = ChainSpecType.hashTreeRoot(registration.spec);
const state = { policy: registration.policy } as ChainState;

/** A source that has `chain`, final up to `final`. */
function source(changes: Partial<Source> = {}, final = 8): Source {
  return {
    name: 'fake',
    chain: 'ethereum-local',
    check: async () => undefined,
    tip: async () => chain[10]!,
    finalized: async () => chain[final]!,
    headers: async (from, count) => chain.slice(from, from + count),
    block: async () => Promise.reject(new SourceUnavailableError('fake', 'has no blocks')),
    findTransaction: async () => undefined,
    close: async () => undefined,
    ...changes,
  };
}

function attest(from: number, to: number): Attest {
  const digest = sha256(concatBytes(...chain.slice(from, to + 1).map((header) => header.raw)));
  return { specRoot, epoch: 0, seq: 1, from, to, digest };
}
const check = (sources: readonly Source[], asked: Attest) =>
  new SourceAttestor([{ registration, sources }]).check(asked, state);
const down = source({ tip: async () => Promise.reject(new SourceUnavailableError('fake', 'is down')) });

describe('check', () => {
  test('the own source has the same', async () => {
    await check([source()], attest(3, 8));
  });

  test.each<[string, readonly Source[], Attest, RegExp, boolean]>([
    ['other headers', [source()], { ...attest(3, 8), digest: ZERO32 }, /other headers for 3 to 8/, true],
    ['a shifted range', [source()], { ...attest(3, 8), from: 2, to: 7 }, /other headers/, true],
    ['beyond the tip', [source()], attest(3, 11), /at height 10, below 11/, true],
    ['not final yet', [source()], attest(3, 9), /height 9 is not yet final/, true],
    [
      'half of the range',
      [source({ headers: async (from) => chain.slice(from, from + 2) })],
      attest(3, 8),
      /whole range/,
      true,
    ],
    [
      'a later range than asked',
      [source({ headers: async (_, count) => chain.slice(8, 8 + count) })],
      attest(1, 8),
      /whole range/,
      true,
    ],
    ['no answer', [down, down], attest(3, 8), /no source answers: fake: is down/, true],
    ['no source', [], attest(3, 8), /none is configured/, true],
    ['an endless range', [source()], { ...attest(1, 8), to: 100_000 }, /more than 2048/, false],
    ['an unknown chain', [source()], { ...attest(3, 8), specRoot: ZERO32 }, /does not follow/, false],
  ])('refuses %s', async (_, sources, asked, message, retryable) => {
    const error = await check(sources, asked).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AttestationRefusedError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), retryable });
  });

  test('nobody attests a chain that its own committees sign', async () => {
    const { hash } = chain[0]!;
    const spec = specFor('ethereum-local', trustedBlockCheckpoint(new Uint8Array(32).fill(1), 0, hash));
    const own = new SourceAttestor([{ registration: { ...registration, spec }, sources: [source()] }]);
    const asked = { ...attest(3, 8), specRoot: ChainSpecType.hashTreeRoot(spec) };
    await expect(own.check(asked, state)).rejects.toThrow(/followed by its own committees/);
  });

  test('what is safe is enough where the policy says so, and only there', async () => {
    const safe = source({ safe: async () => chain[9]! });
    const own = new SourceAttestor([{ registration, sources: [safe] }]);
    await expect(own.check(attest(3, 9), state)).rejects.toThrow(/height 9 is not yet final/);
    const policy = { policy: parsePolicy('safe') } as ChainState;
    await own.check(attest(3, 9), policy);
    await expect(own.check(attest(3, 10), policy)).rejects.toThrow(/height 10 is not yet final/);
  });

  test('a source that changed its chain between two answers is asked later', async () => {
    const other = mineAfter(chain[7]!, 77);
    for (const changes of [
      { tip: async () => mineAfter(chain[7]!, 77) },
      { finalized: async () => other },
      { safe: async () => other },
    ])
      await expect(check([source(changes)], attest(3, 8))).rejects.toMatchObject({
        message: expect.stringMatching(/own source changed its best chain while it was read/),
        retryable: true,
      });
  });

  test('a source that is down, faulty or behind leaves it to the next', async () => {
    const faulty = source({ headers: async () => Promise.reject(new SourceFaultError('fake', 'lies')) });
    await check([down, faulty, source({}, 2), source()], attest(3, 8));
  });

  test('the first source that can tell decides', async () => {
    const other = source({
      headers: async (from, count) =>
        chain.slice(from, from + count).map((h) => ({ ...h, raw: h.raw.slice(1) })),
    });
    await expect(check([other, source()], attest(3, 8))).rejects.toThrow('other headers');
  });

  test('a fault of our own is not hidden', async () => {
    const broken = source({ tip: async () => Promise.reject(new TypeError('broken')) });
    await expect(check([broken, source()], attest(3, 8))).rejects.toThrow(TypeError);
  });
});

describe('approve', () => {
  const attestor = new SourceAttestor([{ registration, sources: [] }]);
  const action = {
    sequence: 0,
    kind: GovernanceKind.register as number,
    specRoot,
    payload: RegistrationType.serialize(registration),
  };

  test('what the own configuration has', async () => {
    await attestor.approve(action);
    await attestor.approve({
      ...action,
      kind: GovernanceKind.setPolicy,
      payload: PolicyType.serialize(registration.policy),
    });
  });

  test.each([
    [
      'another policy',
      {
        ...action,
        payload: RegistrationType.serialize({ ...registration, policy: parsePolicy('realtime') }),
      },
    ],
    [
      'another new policy',
      { ...action, kind: GovernanceKind.setPolicy, payload: PolicyType.serialize(parsePolicy('realtime')) },
    ],
    [
      'another checkpoint header',
      {
        ...action,
        payload: RegistrationType.serialize({ ...registration, checkpointHeader: chain[1]!.raw }),
      },
    ],
    ['a chain that is not configured', { ...action, specRoot: ZERO32 }],
    ['a pause that nobody configured', { ...action, kind: GovernanceKind.pause, payload: new Uint8Array() }],
    ['an unknown action', { ...action, kind: 99 }],
  ])('refuses %s', async (_, changed) => {
    await expect(attestor.approve(changed)).rejects.toThrow(ApprovalRefusedError);
  });
});
