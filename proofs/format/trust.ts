import type { ValueOf } from '@chainsafe/ssz';
import { ContainerType, type Type } from '@chainsafe/ssz';
import type { Bls } from '../bls/bls.js';
import { DelegateSetType } from '../containers/consensus.js';
import { MainHeaderType } from '../containers/header.js';
import { Count64, Uint32 } from '../containers/primitives.js';
import { CompactCertificateType } from '../containers/proof.js';
import { ProofError } from '../errors/proof.js';
import { verifyFinalized } from '../verify/certificate.js';
import type { Json } from '../verify/payload.js';
import { type Trust, trustFromHeader } from '../verify/trust.js';
import { fromJsonValue, malformed, objectOf, toJsonValue } from './jsonValue.js';

export const TRUST_FORMAT = 'crossroot-trust';

/** A certified header to trust instead of a genesis: the set of its term, its certificate, the chain's constants. */
export const TrustFileType = new ContainerType(
  {
    /** Unix milliseconds at which slot 0 begins. */
    genesisTime: Count64,
    slotMilliseconds: Uint32,
    termBlocks: Count64,
    header: MainHeaderType,
    certificate: CompactCertificateType,
    members: DelegateSetType,
  },
  { typeName: 'TrustFile', jsonCase: 'eth2' },
);
export type TrustFile = ValueOf<typeof TrustFileType>;

export function encodeTrust(file: TrustFile): string {
  const body = toJsonValue(TrustFileType as unknown as Type<unknown>, file) as {
    readonly [key: string]: Json;
  };
  return `${JSON.stringify({ format: TRUST_FORMAT, version: 1, ...body }, undefined, 2)}\n`;
}

/**
 * Reads a trust file and checks that it agrees with itself: the members are the header's set and a quorum of them
 * finalised the header. Whether to trust it is the user's decision.
 * @throws ProofError `malformed`, `bad-handover`, `bad-certificate`, `no-quorum`, `bad-signature`
 */
export function decodeTrust(json: Json, bls: Bls): Trust {
  const names = Object.keys(TrustFileType.fields);
  const record = objectOf(json, ['format', 'version', ...names], 'trust file');
  if (record.format !== TRUST_FORMAT || record.version !== 1)
    throw malformed('trust file', 'is not of a known version');
  const body = Object.fromEntries(names.map((name) => [name, record[name] ?? '']));
  const file = fromJsonValue(TrustFileType as unknown as Type<unknown>, body, '') as TrustFile;
  const trust = trustFromHeader(file);
  if (file.certificate.term !== file.header.term) {
    throw new ProofError('bad-certificate', 'the trusted header is certified by another term than its own');
  }
  verifyFinalized(file.header, file.certificate, file.members, bls);
  return trust;
}
