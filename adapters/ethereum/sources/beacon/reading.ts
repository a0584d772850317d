import { fromHex } from '../../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../../proofs/errors/input.js';
import { SourceFaultError, SourceUnavailableError } from '../../../errors.js';
import { isRecord, SourceAnswers } from '../../../sourceAnswers.js';
import { fromBeaconJson, type Versioned } from '../../consensus/codec.js';
import { LightClientRuleError } from '../../consensus/errors.js';
import type { ConsensusNetwork } from '../../consensus/networks.js';
import type { LightClientData, LightClientKind } from '../../consensus/types.js';

/** Checks the shapes of a Beacon API server's answers, and reads light-client data in them. */
export class BeaconReading extends SourceAnswers {
  /** @throws SourceFaultError for what cannot be read; SourceUnavailableError for data of a fork that is not known here */
  run<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof MalformedInputError || error instanceof LimitExceededError)
        throw new SourceFaultError(this.name, `gave a bad ${what}: ${error.message}`, {}, error);
      // It may be ahead of this program, and is then no liar.
      if (error instanceof LightClientRuleError && error.rule === 'unsupported-fork')
        throw new SourceUnavailableError(
          this.name,
          `gave a ${what} that is not known here: ${error.message}`,
          error,
        );
      throw error;
    }
  }

  /** Light-client data in the Beacon API's JSON: numbers are decimal text, all else is hex with 0x. */
  lightClient<K extends LightClientKind>(
    network: ConsensusNetwork,
    kind: K,
    what: string,
    json: unknown,
  ): Versioned<LightClientData[K]> {
    const problem = looseValue(isRecord(json) && 'data' in json ? json.data : json, 'data');
    if (problem !== undefined) throw this.fault(`gave a bad ${what}: ${problem}`);
    return this.run(what, () => fromBeaconJson(network, kind, json));
  }

  /** The `data` member that answers are wrapped in. */
  data(value: unknown, what: string): Readonly<Record<string, unknown>> {
    return this.record(this.record(value, what).data, what);
  }

  list(value: unknown, what: string, most: number): readonly unknown[] {
    if (!Array.isArray(value)) throw this.fault(`${what} gave no list`);
    if (value.length > most) throw this.fault(`${what} gave ${value.length} items, more than ${most}`);
    return value;
  }

  /** A decimal number in a string. */
  count(value: unknown, what: string): number {
    const number = typeof value === 'string' && /^(0|[1-9][0-9]{0,15})$/.test(value) ? Number(value) : -1;
    if (!Number.isSafeInteger(number) || number < 0) throw this.fault(`${what} gave no number`);
    return number;
  }

  /** Hex with 0x. */
  bytes(value: unknown, what: string, length: number): Uint8Array {
    if (typeof value !== 'string' || !/^0x[0-9a-fA-F]*$/.test(value) || value.length !== 2 + 2 * length)
      throw this.fault(`${what} gave no hex of ${length} bytes`);
    return fromHex(value, what);
  }
}

/** Whether a source was ahead of this program: it answered with data of a fork that is not known here. */
export function isLaterFork(error: unknown): error is SourceUnavailableError {
  if (!(error instanceof SourceUnavailableError)) return false;
  return error.cause instanceof LightClientRuleError && error.cause.rule === 'unsupported-fork';
}

/** Members of light-client data that are numbers. */
const NUMBERS = new Set([
  'slot',
  'proposer_index',
  'signature_slot',
  'block_number',
  'gas_limit',
  'gas_used',
  'timestamp',
  'base_fee_per_gas',
  'blob_gas_used',
  'excess_blob_gas',
]);
const MAX_DEPTH = 6;

/** What in light-client data is not of the one form that the Beacon API has for it; the SSZ library takes others too. */
function looseValue(value: unknown, name: string, depth = 0): string | undefined {
  if (typeof value === 'string') {
    const form = NUMBERS.has(name) ? /^(0|[1-9][0-9]{0,77})$/ : /^0x([0-9a-fA-F]{2})*$/;
    return form.test(value)
      ? undefined
      : `${name.slice(0, 40)} is no ${NUMBERS.has(name) ? 'number' : 'hex'}`;
  }
  if (depth >= MAX_DEPTH || typeof value !== 'object' || value === null)
    return `${name.slice(0, 40)} is no text`;
  for (const [key, member] of Object.entries(value)) {
    const problem = looseValue(member, Array.isArray(value) ? name : key, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
