import type { Parameters } from '../sql/client.js';
import type { Snapshot } from '../view.js';

/**
 * A sub-select of the hashes of blocks that were on the best chain once and are not in the view: their last event up to it
 * is a disconnect. Reads the few blocks that were ever undone. Parameters: `chain`, `number`.
 */
export function lostBlocks(database: string): string {
  return `(SELECT hash FROM ${database}.header_events
    WHERE chain = {chain:String} AND number <= {number:UInt64} AND type != 'finalize' AND (height, hash) IN (
      SELECT height, hash FROM ${database}.undone WHERE chain = {chain:String} AND number <= {number:UInt64})
    GROUP BY hash HAVING argMax(type, number) = 'disconnect')`;
}

/**
 * Condition on a table of contents whose column `number` is that of its block's first connect: whether the row is to be seen
 * in the view, lost or not. Parameters: `number`, `contents_from`, `contents_to`.
 */
export const IN_CONTENTS = `number <= {number:UInt64} AND arrayExists((a, b) -> number >= a AND number <= b,
  {contents_from:Array(UInt64)}, {contents_to:Array(UInt64)})`;

/** Parameters of `lostBlocks` and `IN_CONTENTS`. */
export function snapshotParameters({ view, contents }: Snapshot): Parameters {
  return {
    chain: view.chain,
    number: view.number,
    contents_from: contents.map(({ from }) => from),
    contents_to: contents.map(({ to }) => to),
  };
}
