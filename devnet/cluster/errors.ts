import { CrossrootError } from '../../proofs/errors/base.js';

/** A part of the cluster did not do what it is there for. */
export class ClusterError extends CrossrootError {
  override readonly name = 'ClusterError';
  constructor(part: string, problem: string) {
    super(`${part}: ${problem}`);
  }
}

/** This machine lacks something that the cluster needs. */
export class MissingPartError extends CrossrootError {
  override readonly name = 'MissingPartError';
  constructor(what: string) {
    super(`the cluster cannot run here: ${what}`, {
      hint: 'It needs Java 17 or later on PATH (or JAVA_HOME), curl, and once Maven Central, or a folder of Kafka’s jars in CROSSROOT_KAFKA; and chDB, an optional package.',
    });
  }
}
