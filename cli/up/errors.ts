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

/** The configuration is for roles in processes of their own. */
export class NotForUpError extends CrossrootError {
  override readonly name = 'NotForUpError';
  constructor(setting: string) {
    super(`${setting} is for roles in processes of their own; crossroot up runs everything on this machine`, {
      hint: 'Leave it out, or start crossroot init, node, index, relay and api.',
    });
  }
}
