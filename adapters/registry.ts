import { utf8 } from '../proofs/bytes.js';
import type { ChainSpec, Checkpoint } from '../proofs/containers/spec.js';
import { ProofError } from '../proofs/errors/proof.js';
import type { FormatContext } from '../proofs/format/json.js';
import type { NetworkData, PayloadVerifier } from '../proofs/verify/payload.js';
import type { UnanchoredHeader } from '../proofs/verify/verify.js';
import { bitcoinKind } from './bitcoin/kind.js';
import { bitcoinPayloadBuilder } from './bitcoin/payloadBuilder.js';
import {
  bitcoinPayloadVerifiers,
  readUnanchoredHeader as readBitcoinHeader,
} from './bitcoin/proofs/index.js';
import { UnknownNetworkError } from './errors.js';
import { ethereumKind } from './ethereum/kind.js';
import { ethereumPayloadBuilder } from './ethereum/payloadBuilder.js';
import { ethereumPayloadVerifiers, readEthereumHeader } from './ethereum/proofs/index.js';
import { assuranceFor, parametersFor } from './mode.js';
import { PayloadBuilders } from './payloadBuilder.js';
import type { ChainKind, NetworkInfo } from './types.js';

/** Every kind of foreign chain there is: a new one adds its line here and below. */
export const chainKinds: readonly ChainKind[] = [bitcoinKind, ethereumKind];

/** Checkers of the payloads of proofs, for the verifier. */
export const payloadVerifiers: readonly PayloadVerifier[] = [
  ...bitcoinPayloadVerifiers,
  ...ethereumPayloadVerifiers,
];

/**
 * Checks a raw header without context, as far as its kind of chain allows: Bitcoin's has a proof of work, Ethereum's nothing
 * but its hash.
 * @throws ProofError `malformed`, `unknown-chain`, `block-mismatch`
 */
export function readUnanchoredHeader(chain: string, raw: Uint8Array): UnanchoredHeader {
  const code = formatContext.chainKind(chain);
  if (code === bitcoinKind.code) return readBitcoinHeader(chain, raw);
  if (code === ethereumKind.code) return readEthereumHeader(raw);
  throw new ProofError('unknown-chain', `chain ${chain.slice(0, 64)} is not known to this verifier`);
}

/** Makers of the payloads of proofs. */
export const payloadBuilders: PayloadBuilders = new PayloadBuilders([
  bitcoinPayloadBuilder,
  ethereumPayloadBuilder,
]);

/** @param code `ChainKindCode` */
export function kindByCode(code: number): ChainKind | undefined {
  return chainKinds.find((kind) => kind.code === code);
}

/**
 * The network called `name` and its kind.
 * @throws UnknownNetworkError
 */
export function findNetwork(name: string): { kind: ChainKind; network: NetworkInfo } {
  for (const kind of chainKinds) {
    const network = kind.networks.find((one) => one.name === name);
    if (network !== undefined) return { kind, network };
  }
  throw new UnknownNetworkError(
    name,
    chainKinds.flatMap((kind) => kind.networks.map((one) => one.name)),
  );
}

/**
 * The full spec of a chain followed from `checkpoint`.
 * @throws UnknownNetworkError
 */
export function specFor(name: string, checkpoint: Checkpoint): ChainSpec {
  const { kind, network } = findNetwork(name);
  return {
    kind: kind.code,
    name: utf8(name),
    parameters: parametersFor(kind, network, checkpoint),
    genesisHash: network.genesisHash,
    checkpoint,
  };
}

/** Everything built in that proof files are read with. */
export const formatContext: FormatContext = {
  get networks() {
    return networkData;
  },
  payloads: payloadVerifiers,
  chainKind: (name) => chainKinds.find((kind) => kind.networks.some((one) => one.name === name))?.code,
};

/** What a verifier knows of foreign chains: exactly what is built in here. */
export const networkData: NetworkData = {
  spec(name, checkpoint) {
    const known = chainKinds.some((kind) => kind.networks.some((one) => one.name === name));
    return known ? specFor(name, checkpoint) : undefined;
  },
  displayHash: (code, hash) => requireKind(code).displayHash(hash),
  parseHash: (code, text) => requireKind(code).parseHash(text),
  assurances(code, name, checkpoint) {
    const kind = kindByCode(code);
    const network = kind?.networks.find((one) => one.name === name);
    return kind === undefined || network === undefined ? [] : [assuranceFor(kind, network, checkpoint)];
  },
};

function requireKind(code: number): ChainKind {
  const kind = kindByCode(code);
  if (kind === undefined) {
    throw new UnknownNetworkError(
      `of kind ${code}`,
      chainKinds.map((one) => one.name),
    );
  }
  return kind;
}
