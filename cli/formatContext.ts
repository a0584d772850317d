import { UnknownNetworkError } from '../adapters/errors.js';
import { findNetwork, networkData, payloadVerifiers } from '../adapters/registry.js';
import type { FormatContext } from '../proofs/format/json.js';

/** Everything built in that proof files are read with. */
export const formatContext: FormatContext = {
  networks: networkData,
  payloads: payloadVerifiers,
  chainKind(name) {
    try {
      return findNetwork(name).kind.code;
    } catch (error) {
      if (error instanceof UnknownNetworkError) return undefined;
      throw error;
    }
  },
};
