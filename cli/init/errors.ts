import { CrossrootError } from '../../proofs/errors/base.js';

/** Another process of the kind that has a data folder for itself alone. */
export class AlreadyRunningError extends CrossrootError {
  override readonly name = 'AlreadyRunningError';
  constructor(folder: string, cause: unknown) {
    super(`another crossroot up or init is running on ${folder}`, {
      hint: 'Stop it, or give another --data folder.',
      cause,
    });
  }
}

/** A part could not be started, or ended and cannot be brought back. */
export class PartFailedError extends CrossrootError {
  override readonly name = 'PartFailedError';
  constructor(part: string, problem: string, logFile?: string) {
    super(`${part}: ${problem}`, logFile === undefined ? {} : { hint: `Its log: ${logFile}` });
  }
}

/** The data folder was made with other settings than those given now. */
export class DataMismatchError extends CrossrootError {
  override readonly name = 'DataMismatchError';
  constructor(folder: string, problem: string) {
    super(`${folder}: ${problem}`, { hint: 'Give another --data folder, or the settings it was made with.' });
  }
}

/** The data folder lacks what `crossroot init` makes. */
export class NotInitialisedError extends CrossrootError {
  override readonly name = 'NotInitialisedError';
  constructor(path: string) {
    super(`${path} is missing`, {
      hint: 'Make it with: crossroot init --config FILE --data DIR (or give the --data folder that has it)',
    });
  }
}
