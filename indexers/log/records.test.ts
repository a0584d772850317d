import { expect, test } from 'vitest';
import { type Commitment, CommitmentType } from '../../proofs/containers/commitment.js';
import { type MainHeader, MainHeaderType } from '../../proofs/containers/header.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { append, emptyHistory, historyRoot } from '../../proofs/history/history.js';
import { discardNodes } from '../../proofs/history/nodes.js';
import { blockCodec } from './records.js';

const nothing = CommitmentType.defaultValue();

function read(header: Partial<MainHeader>, commitment: Partial<Commitment>) {
  const one = { ...nothing, ...commitment };
  const indexRoot = historyRoot(append(emptyHistory(0), [CommitmentType.hashTreeRoot(one)], discardNodes));
  return blockCodec.decode(
    blockCodec.encode({
      header: MainHeaderType.serialize({ ...MainHeaderType.defaultValue(), ...header, indexRoot }),
      commitments: [one],
      certificate: new Uint8Array(),
    }),
  );
}

test('counts of a block record are exact', () => {
  const size = Number.MAX_SAFE_INTEGER;
  expect(read({ slot: size }, { size }).commitments[0]?.size).toBe(size);
});

test.each([
  [{ slot: 2 ** 53 }, {}, /a slot above/],
  [{ height: 2 ** 63 }, {}, /a height above/],
  [{}, { size: 2 ** 57 }, /a size above/],
  [{}, { reorgCount: 2 ** 60 }, /a reorgCount above/],
])('a block record with %j and %j is none', (header, commitment, problem) => {
  expect(() => read(header, commitment)).toThrow(problem);
  expect(() => read(header, commitment)).toThrow(MalformedInputError);
});
