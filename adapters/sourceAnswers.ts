import { SourceFaultError } from './errors.js';

/** Checks the shapes of a source's answers. Every failure is a SourceFaultError that names the source and the answer. */
export class SourceAnswers {
  /** @param name of the source */
  constructor(readonly name: string) {}

  fault(problem: string, details: Readonly<Record<string, unknown>> = {}): SourceFaultError {
    return new SourceFaultError(this.name, problem, details);
  }

  /** JSON in UTF-8. */
  json(bytes: Uint8Array, what: string): unknown {
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError)
        throw this.fault(`${what} gave something that is not JSON`);
      throw error;
    }
  }

  /** A JSON object. */
  record(value: unknown, what: string): Readonly<Record<string, unknown>> {
    if (!isRecord(value)) throw this.fault(`${what} gave no object`);
    return value;
  }
}

/** Whether a value of JSON is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
