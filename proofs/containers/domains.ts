import { ContainerType, type Type } from '@chainsafe/ssz';
import { concatBytes } from '../bytes.js';
import { Bytes32 } from './primitives.js';

/** First four bytes of a signing domain. Each kind of signed message has its own. */
export const DomainType = {
  block: Uint8Array.of(0x01, 0, 0, 0),
  vote: Uint8Array.of(0x02, 0, 0, 0),
  transaction: Uint8Array.of(0x03, 0, 0, 0),
  attestation: Uint8Array.of(0x04, 0, 0, 0),
  governance: Uint8Array.of(0x05, 0, 0, 0),
  peer: Uint8Array.of(0x06, 0, 0, 0),
} as const;
export type DomainName = keyof typeof DomainType;

export const SigningDataType = new ContainerType(
  { objectRoot: Bytes32, domain: Bytes32 },
  { typeName: 'SigningData', jsonCase: 'eth2' },
);

/** `domainType ‖ genesisRoot[0..28]`: 32 bytes. */
export function signingDomain(name: DomainName, genesisRoot: Uint8Array): Uint8Array {
  return concatBytes(DomainType[name], genesisRoot.subarray(0, 28));
}

/** What is signed for `value`: the root of its own root and its domain. */
export function signingRoot<T>(
  type: Type<T>,
  value: T,
  name: DomainName,
  genesisRoot: Uint8Array,
): Uint8Array {
  return SigningDataType.hashTreeRoot({
    objectRoot: type.hashTreeRoot(value),
    domain: signingDomain(name, genesisRoot),
  });
}
