import { CrossrootError } from '../../proofs/errors/base.js';

/** A port that `up` needs is taken; `setting` is where the configuration changes it. */
export class ServicePortError extends CrossrootError {
  override readonly name = 'ServicePortError';
  constructor(service: string, port: number, setting: string) {
    super(`port ${port}, needed by ${service}, is in use`, {
      hint: `Stop the other program, or change ${setting} in the configuration.`,
    });
  }
}

/** Another `up` runs on this data folder. */
export class AlreadyRunningError extends CrossrootError {
  override readonly name = 'AlreadyRunningError';
  constructor(folder: string, cause: unknown) {
    super(`another crossroot up is running on ${folder}`, {
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
