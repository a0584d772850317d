import { blstBls } from '../../mainchain/crypto/blst.js';
import { decodeTrust } from '../../proofs/format/trust.js';
import type { Json } from '../../proofs/verify/payload.js';
import { getFromApi } from '../api.js';
import { writeResult } from '../files.js';
import { print } from '../output.js';

/** Fetches a trust file, checks that it agrees with itself, and writes it. @throws ApiError, ProofError, FileError */
export async function trustCommand(flags: {
  readonly json: boolean;
  readonly api: string;
  readonly output?: string;
}): Promise<void> {
  const bytes = await getFromApi(flags.api, '/v1/main/trust');
  const trust = decodeTrust(JSON.parse(new TextDecoder().decode(bytes)) as Json, blstBls);
  await writeResult(flags.output, bytes);
  if (flags.output !== undefined) {
    const facts = {
      file: flags.output,
      mainHeight: trust.height,
      term: trust.term,
      genesisRoot: trust.genesisRoot,
    };
    print(flags.json, facts, [`wrote ${flags.output}: main height ${trust.height}, term ${trust.term}`]);
  }
}
