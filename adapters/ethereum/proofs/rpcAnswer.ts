import { MalformedInputError } from '../../../proofs/errors/input.js';

/** How much of a node's own words goes into an error. */
const LONGEST_MESSAGE = 160;

/**
 * What a node answered: the `result` of a whole JSON-RPC answer (JSON-RPC 2.0, section 5), or the object itself where it is kept
 * without that.
 * @param what for errors
 * @throws MalformedInputError for what is no JSON, no object, or the node's refusal, with its own words
 */
export function readRpcResult(text: string, what: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new MalformedInputError(what, 'is not JSON', error);
  }
  const whole = recordOf(json, what);
  const { error } = whole;
  if (error !== undefined && error !== null)
    throw new MalformedInputError(what, `is the node’s refusal: ${wordsOf(error)}`);
  if (!Object.hasOwn(whole, 'result')) return whole;
  if (whole.result === null)
    throw new MalformedInputError(what, 'is null: the node does not have that block');
  return recordOf(whole.result, `${what} result`);
}

/** @throws MalformedInputError */
export function recordOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedInputError(what, 'is not an object');
  return value as Record<string, unknown>;
}

function wordsOf(error: unknown): string {
  const { code, message } =
    typeof error === 'object' ? (error as Record<string, unknown>) : { code: undefined, message: error };
  const words = String(message).slice(0, LONGEST_MESSAGE);
  return typeof code === 'number' ? `${words} (${code})` : words;
}
