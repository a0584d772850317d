/** Told what goes wrong with a client that mends itself, for people. */
export type Tell = (message: string) => void;

/**
 * Ends a client or a connection. One that is broken already may fail at that: this is told, and hinders nobody, as nothing is waited for from it any more. Never rejects.
 * @param what is ended, for people
 */
export async function ended(what: string, end: () => unknown, tell: Tell): Promise<void> {
  try {
    await end();
  } catch (error) {
    tell(`${what} did not end in order: ${error instanceof Error ? error.message : String(error)}`);
  }
}
