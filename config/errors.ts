import { CrossrootError } from '../proofs/errors/base.js';

/** A configuration, checkpoint or trust file that cannot be used. `where` is the file, `problem` names the setting. */
export class ConfigError extends CrossrootError {
  override readonly name = 'ConfigError';
  constructor(
    readonly where: string,
    problem: string,
    cause?: unknown,
  ) {
    super(`${where}: ${problem}`, { details: { where }, ...(cause === undefined ? {} : { cause }) });
  }
}
