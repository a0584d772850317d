import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toBareHex, utf8, ZERO32 } from '../../../proofs/bytes.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { merkleRows } from '../proofs/merkle.js';
import { encodeHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { addCustomSignet } from '../rules/signets.js';
import { le32, payToWitness, transaction } from '../testing/samples.js';
import { ChallengeNotSupportedError, SignetSolutionError } from './errors.js';
import { push } from './ops.js';
import { readBlock } from './readBlock.js';
import { checkBlockSignature, checkSignetBlock } from './signet.js';

const bytes = (...values: number[]) => Uint8Array.from(values);
const NONE = new Uint8Array(0);
const secrets = [1, 2, 3].map((n) => sha256(utf8(`signet key ${n}`)));
const keys = secrets.map((secret) => secp256k1.getPublicKey(secret));
const [k1, k2, k3] = keys as [Uint8Array, Uint8Array, Uint8Array];
const HEADER = bytes(0xec, 0xc7, 0xda, 0xa2);
const COMMITMENT = concatBytes(bytes(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed), sha256(utf8('witness root')));

interface Solution {
  readonly script?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
}
const encoded = ({ script = NONE, witness = [] }: Solution): Uint8Array =>
  concatBytes(sized(script), bytes(witness.length), ...witness.map(sized));
const sized = (data: Uint8Array): Uint8Array => concatBytes(bytes(data.length), data);

/** A block whose commitment output has `tail` after the commitment. */
function block(tail: Uint8Array, commitment = COMMITMENT): Uint8Array {
  const coinbase = transaction(ZERO32, 0xffffffff, bytes(1, 101), concatBytes(commitment, tail), 0n);
  const other = transaction(sha256d(le32(7)), 0, NONE, payToWitness(1));
  const txids = [coinbase, other].map(sha256d);
  const header = encodeHeader({
    version: 0x20000000,
    parentHash: sha256(utf8('parent')),
    merkleRoot: merkleRows(txids).at(-1)![0]!,
    time: 1_600_000_000,
    bits: 0x1e0377ae,
    nonce: 5,
  });
  return concatBytes(header, bytes(2), coinbase, other);
}

/** BIP325 written out by hand: the outpoint that the solution spends. */
function outpoint(challenge: Uint8Array): Uint8Array {
  const cleared = block(push(HEADER));
  const message = concatBytes(cleared.subarray(0, 36), cleared.subarray(36, 68), cleared.subarray(68, 72));
  const toSpend = concatBytes(
    le32(0),
    bytes(1),
    ZERO32,
    le32(0xffffffff),
    bytes(74, 0x00, 72),
    message,
    le32(0),
    bytes(1),
    new Uint8Array(8),
    bytes(challenge.length),
    challenge,
    le32(0),
  );
  return concatBytes(sha256d(toSpend), le32(0));
}
const OUTPUT = concatBytes(new Uint8Array(8), bytes(1, 0x6a));

/** The two digests that signatures of type ALL are over: before and after BIP143. */
function legacyDigest(challenge: Uint8Array, code = challenge): Uint8Array {
  return sha256d(
    concatBytes(
      le32(0),
      bytes(1),
      outpoint(challenge),
      sized(code),
      le32(0),
      bytes(1),
      OUTPUT,
      le32(0),
      le32(1),
    ),
  );
}
function witnessDigest(challenge: Uint8Array, code: Uint8Array): Uint8Array {
  const spent = outpoint(challenge);
  return sha256d(
    concatBytes(
      le32(0),
      sha256d(spent),
      sha256d(le32(0)),
      spent,
      sized(code),
      new Uint8Array(8),
      le32(0),
      sha256d(OUTPUT),
      le32(0),
      le32(1),
    ),
  );
}

function sign(digest: Uint8Array, secret = secrets[0]!, highS = false): Uint8Array {
  const compact = secp256k1.sign(digest, secret, { prehash: false, lowS: true });
  const order = secp256k1.Point.Fn.ORDER;
  const r = BigInt(`0x${toBareHex(compact.subarray(0, 32))}`);
  const low = BigInt(`0x${toBareHex(compact.subarray(32))}`);
  const integer = (value: bigint) => {
    const digits = fromHex(value.toString(16).padStart(64, '0'), 'integer');
    const short = digits.subarray(digits.findIndex((digit) => digit > 0));
    const body = short[0]! >= 0x80 ? concatBytes(bytes(0), short) : short;
    return concatBytes(bytes(2, body.length), body);
  };
  const both = concatBytes(integer(r), integer(highS ? order - low : low));
  return concatBytes(bytes(0x30, both.length), both, bytes(1));
}

const hash160 = (data: Uint8Array) => ripemd160(sha256(data));
const p2pkh = (hash: Uint8Array) => concatBytes(bytes(0x76, 0xa9, 20), hash, bytes(0x88, 0xac));
const multisig = (m: number, ...all: Uint8Array[]) =>
  concatBytes(bytes(0x50 + m), ...all.map(push), bytes(0x50 + all.length, 0xae));
const p2wsh = (script: Uint8Array) => concatBytes(bytes(0, 32), sha256(script));

interface Case {
  readonly challenge: Uint8Array;
  readonly solution: (digest: { legacy: Uint8Array; witness(code: Uint8Array): Uint8Array }) => Solution;
  /** What is signed, where it is not the challenge itself. */
  readonly code?: Uint8Array;
}
const two = multisig(2, k1, k2, k3);
const p2sh = (script: Uint8Array) => concatBytes(bytes(0xa9, 20), hash160(script), bytes(0x87));
const p2wpkh = concatBytes(bytes(0, 20), hash160(k1));
const cases: Record<string, Case> = {
  P2PK: {
    challenge: concatBytes(push(k1), bytes(0xac)),
    solution: (d) => ({ script: push(sign(d.legacy)) }),
  },
  P2PKH: {
    challenge: p2pkh(hash160(k1)),
    solution: (d) => ({ script: concatBytes(push(sign(d.legacy)), push(k1)) }),
  },
  P2WPKH: {
    challenge: concatBytes(bytes(0, 20), hash160(k1)),
    solution: (d) => ({ witness: [sign(d.witness(p2pkh(hash160(k1)))), k1] }),
  },
  '1 of 2': {
    challenge: multisig(1, k1, k2),
    solution: (d) => ({ script: concatBytes(bytes(0), push(sign(d.legacy, secrets[1]))) }),
  },
  '2 of 3': {
    challenge: two,
    solution: (d) => ({
      script: concatBytes(bytes(0), push(sign(d.legacy)), push(sign(d.legacy, secrets[2]))),
    }),
  },
  'P2WSH of 1 of 2': {
    challenge: p2wsh(multisig(1, k1, k2)),
    solution: (d) => {
      const script = multisig(1, k1, k2);
      return { witness: [NONE, sign(d.witness(script), secrets[1]), script] };
    },
  },
  'P2WSH of P2PK': {
    challenge: p2wsh(concatBytes(push(k1), bytes(0xac))),
    solution: (d) => {
      const script = concatBytes(push(k1), bytes(0xac));
      return { witness: [sign(d.witness(script)), script] };
    },
  },
};
/** The same behind a script hash (BIP16). */
const hashedCases: Record<string, Case> = {
  'P2SH of P2PK': {
    challenge: p2sh(concatBytes(push(k1), bytes(0xac))),
    code: concatBytes(push(k1), bytes(0xac)),
    solution: (d) => ({
      script: concatBytes(push(sign(d.legacy)), push(concatBytes(push(k1), bytes(0xac)))),
    }),
  },
  'P2SH of 1 of 2': {
    challenge: p2sh(multisig(1, k1, k2)),
    code: multisig(1, k1, k2),
    solution: (d) => ({
      script: concatBytes(bytes(0), push(sign(d.legacy, secrets[1])), push(multisig(1, k1, k2))),
    }),
  },
  'P2SH of P2WPKH': {
    challenge: p2sh(p2wpkh),
    solution: (d) => ({ script: push(p2wpkh), witness: [sign(d.witness(p2pkh(hash160(k1)))), k1] }),
  },
  'P2SH of P2WSH of 1 of 2': {
    challenge: p2sh(p2wsh(multisig(1, k1, k2))),
    solution: (d) => {
      const script = multisig(1, k1, k2);
      return { script: push(p2wsh(script)), witness: [NONE, sign(d.witness(script)), script] };
    },
  },
};

function signed({ challenge, solution, code }: Case): { raw: Uint8Array; data: Uint8Array } {
  const data = encoded(
    solution({
      legacy: legacyDigest(challenge, code),
      witness: (script) => witnessDigest(challenge, script),
    }),
  );
  return { raw: block(push(concatBytes(HEADER, data))), data };
}
const verdict = (raw: Uint8Array, challenge: Uint8Array): string => {
  try {
    checkSignetBlock(raw, challenge);
    return 'valid';
  } catch (error) {
    if (!(error instanceof CrossrootError)) throw error;
    return error.name;
  }
};

describe.each(Object.entries(cases))('a signet block signed for %s', (_, one) => {
  const { raw, data } = signed(one);

  it('is valid, under this challenge alone', () => {
    checkSignetBlock(raw, one.challenge);
    for (const other of Object.values(cases)) {
      if (other !== one) expect(verdict(raw, other.challenge)).not.toBe('valid');
    }
    expect(verdict(raw, bitcoinNetwork('bitcoin-signet').rules.signetChallenge)).toBe('SignetSolutionError');
  });

  it('is refused with any byte of its solution changed', () => {
    for (let at = 0; at < data.length; at++) {
      const changed = data.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(verdict(block(push(concatBytes(HEADER, changed))), one.challenge), `byte ${at}`).not.toBe(
        'valid',
      );
    }
  });

  it('is refused with any byte changed that the solution commits to, and reads on without bits and nonce', () => {
    const changedAt = (at: number) => {
      const changed = raw.slice();
      changed[at]! ^= 1;
      return verdict(changed, one.challenge);
    };
    // The Merkle root of the header is checked on its own; bits and nonce come after signing.
    for (let at = 0; at < raw.length; at++) {
      const free = (at >= 36 && at < 68) || (at >= 72 && at < 80);
      expect(changedAt(at) === 'valid', `byte ${at}`).toBe(free);
    }
  });

  it('is refused with a byte after its solution, without one, and without a commitment', () => {
    expect(verdict(block(push(concatBytes(HEADER, data, bytes(0)))), one.challenge)).toBe(
      'SignetSolutionError',
    );
    expect(verdict(block(push(concatBytes(HEADER, data.subarray(0, -1)))), one.challenge)).toBe(
      'SignetSolutionError',
    );
    expect(verdict(block(NONE), one.challenge)).toBe('SignetSolutionError');
    expect(verdict(block(push(HEADER)), one.challenge)).toBe('SignetSolutionError');
    expect(verdict(block(push(concatBytes(HEADER, data)), bytes(0x6a)), one.challenge)).toBe(
      'SignetSolutionError',
    );
  });
});

describe.each(Object.entries(hashedCases))('a signet block signed for %s', (_, one) => {
  it('is valid, under this challenge alone, with every byte of its solution', () => {
    const { raw, data } = signed(one);
    checkSignetBlock(raw, one.challenge);
    for (const other of Object.values({ ...cases, ...hashedCases }))
      if (other !== one) expect(verdict(raw, other.challenge)).not.toBe('valid');
    for (let at = 0; at < data.length; at += 3) {
      const changed = data.slice();
      changed[at]! ^= 1 << (at % 8);
      expect(verdict(block(push(concatBytes(HEADER, changed))), one.challenge), `byte ${at}`).not.toBe(
        'valid',
      );
    }
  });
});

describe('signet solutions', () => {
  const pk = cases.P2PK as Case;
  const legacy = legacyDigest(pk.challenge);
  const solve = (challenge: Uint8Array, solution: Solution) =>
    verdict(block(push(concatBytes(HEADER, encoded(solution)))), challenge);

  it('may have high S, must be strict DER, and have no witness beside a script', () => {
    expect(solve(pk.challenge, { script: push(sign(legacy, secrets[0], true)) })).toBe('valid');
    const loose = sign(legacy);
    expect(solve(pk.challenge, { script: push(concatBytes(loose.subarray(0, -1), bytes(0, 1))) })).toBe(
      'SignetSolutionError',
    );
    expect(solve(pk.challenge, { script: push(loose), witness: [NONE] })).toBe('SignetSolutionError');
    expect(solve(pk.challenge, { script: concatBytes(bytes(0x51), push(loose)) })).toBe('valid');
    expect(solve(pk.challenge, { script: bytes(0) })).toBe('SignetSolutionError');
    expect(solve(pk.challenge, { script: concatBytes(push(loose), bytes(0x61)) })).toBe(
      'ChallengeNotSupportedError',
    );
  });

  it('of several keys keep their order and an empty dummy (NULLDUMMY)', () => {
    const digest = legacyDigest(two);
    const [a, c] = [sign(digest), sign(digest, secrets[2])];
    expect(solve(two, { script: concatBytes(bytes(0), push(a), push(c)) })).toBe('valid');
    expect(solve(two, { script: concatBytes(bytes(0), push(c), push(a)) })).toBe('SignetSolutionError');
    expect(solve(two, { script: concatBytes(bytes(0), push(a), push(a)) })).toBe('SignetSolutionError');
    expect(solve(two, { script: concatBytes(bytes(0x51), push(a), push(c)) })).toBe('SignetSolutionError');
    expect(solve(two, { script: concatBytes(push(a), push(c)) })).toBe('SignetSolutionError');
  });

  it('of a witness have no item too many and no script beside it', () => {
    const one = cases['P2WSH of P2PK'] as Case;
    const script = concatBytes(push(k1), bytes(0xac));
    const good = sign(witnessDigest(one.challenge, script));
    expect(solve(one.challenge, { witness: [good, script] })).toBe('valid');
    expect(solve(one.challenge, { witness: [NONE, good, script] })).toBe('SignetSolutionError');
    expect(solve(one.challenge, { witness: [good, script], script: bytes(0) })).toBe('SignetSolutionError');
    expect(solve(one.challenge, { witness: [good, bytes(0x51)] })).toBe('SignetSolutionError');
  });

  it('of a script hash are pushes only, the script last, and nothing but it before a witness', () => {
    const script = concatBytes(push(k1), bytes(0xac));
    const challenge = p2sh(script);
    const good = push(sign(legacyDigest(challenge, script)));
    expect(solve(challenge, { script: concatBytes(good, push(script)) })).toBe('valid');
    expect(solve(challenge, { script: concatBytes(bytes(0x51), good, push(script)) })).toBe('valid');
    expect(solve(challenge, { script: good })).toBe('SignetSolutionError');
    expect(solve(challenge, { script: NONE })).toBe('SignetSolutionError');
    expect(solve(challenge, { script: push(script) })).toBe('SignetSolutionError');
    expect(solve(challenge, { script: concatBytes(good, push(script)), witness: [NONE] })).toBe(
      'SignetSolutionError',
    );
    const nested = p2sh(p2wpkh);
    const witness = [sign(witnessDigest(nested, p2pkh(hash160(k1)))), k1];
    expect(solve(nested, { script: push(p2wpkh), witness })).toBe('valid');
    expect(solve(nested, { script: concatBytes(bytes(0), push(p2wpkh)), witness })).toBe(
      'SignetSolutionError',
    );
    expect(solve(nested, { script: concatBytes(bytes(0x4c, 22), p2wpkh), witness })).toBe(
      'SignetSolutionError',
    );
    expect(solve(nested, { script: push(p2wpkh) })).toBe('SignetSolutionError');
    // What a script hash stands for may be a form that is not evaluated.
    expect(solve(p2sh(bytes(0x52)), { script: push(bytes(0x52)) })).toBe('ChallengeNotSupportedError');
  });

  it('to witness versions above 0, Taproot among them, are asked nothing; BIP325 enforces none of their rules', () => {
    for (const program of [k1.subarray(1), bytes(1, 2), new Uint8Array(40).fill(7)])
      for (const version of [0x51, 0x52, 0x60]) {
        const challenge = concatBytes(bytes(version, program.length), program);
        expect(verdict(block(NONE), challenge)).toBe('valid');
        expect(solve(challenge, { witness: [bytes(1)] })).toBe('valid');
        expect(solve(challenge, { script: bytes(0x51) })).toBe('SignetSolutionError');
        expect(solve(p2sh(challenge), { script: push(challenge), witness: [bytes(1)] })).toBe('valid');
      }
    // The script leaves the program on the stack: zero is false.
    for (const zero of [ZERO32, concatBytes(ZERO32.subarray(1), bytes(0x80))])
      expect(verdict(block(NONE), concatBytes(bytes(0x51, 32), zero))).toBe('SignetSolutionError');
    // A program of version 0 has one of two lengths.
    expect(solve(concatBytes(bytes(0, 21), k1.subarray(12)), { witness: [bytes(1)] })).toBe(
      'SignetSolutionError',
    );
  });

  it('OP_TRUE asks for none; other challenges are refused by name', () => {
    expect(verdict(block(NONE), bytes(0x51))).toBe('valid');
    expect(solve(bytes(0x51), {})).toBe('valid');
    expect(solve(p2wsh(bytes(0x51)), { witness: [bytes(0x51)] })).toBe('valid');
    for (const challenge of [
      bytes(),
      bytes(0x52),
      bytes(0x4c),
      concatBytes(bytes(33), ZERO32, bytes(0, 0xac)),
      multisig(2, k1),
    ])
      expect(() => checkSignetBlock(block(NONE), challenge), toBareHex(challenge)).toThrow(
        ChallengeNotSupportedError,
      );
  });
});

describe('blocks by network', () => {
  it('are checked where there is a challenge, the genesis block excepted', () => {
    const { challenge } = cases.P2PK as Case;
    const { raw } = signed(cases.P2PK as Case);
    addCustomSignet('bitcoin-signet-block-test', toBareHex(challenge));
    const other = multisig(1, k2, k3);
    addCustomSignet('bitcoin-signet-block-other', toBareHex(other));
    expect(checkBlockSignature('bitcoin-signet-block-test', raw)).toBe('valid');
    expect(checkBlockSignature('bitcoin-mainnet', raw)).toBe('not-signet');
    expect(checkBlockSignature('bitcoin-signet', bitcoinNetwork('bitcoin-signet').genesisHeader)).toBe(
      'genesis',
    );
    expect(() => checkBlockSignature('bitcoin-signet', raw)).toThrow(SignetSolutionError);

    const hash = sha256d(raw.subarray(0, 80));
    expect(readBlock('bitcoin-signet-block-test', raw, hash).txids).toHaveLength(2);
    expect(readBlock('bitcoin-regtest', raw, hash).txids).toHaveLength(2);
    expect(() => readBlock('bitcoin-signet-block-other', raw, hash)).toThrow(/not signed.*bad-signet-blksig/);
    expect(() => readBlock('bitcoin-signet-block-test', raw, ZERO32)).toThrow(/, not 0{64}/);
    expect(() => readBlock('bitcoin-regtest', raw.subarray(0, 79), hash)).toThrow(/fewer than a header/);
    const changed = raw.slice();
    changed[raw.length - 1]! ^= 1;
    expect(() => readBlock('bitcoin-regtest', changed, hash)).toThrow(/Merkle root/);
    expect(() => readBlock('bitcoin-nowhere', raw, hash)).toThrow(/unknown chain/);
    expect(() => readBlock('bitcoin-regtest', new Uint8Array(4_000_001), hash)).toThrow(/limit/);
  });
});
