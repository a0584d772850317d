import { expect, it } from 'vitest';
import { encodeProof } from '../proofs/format/file.js';
import { encodeTrust } from '../proofs/format/trust.js';
import { bitcoinFixture, registryContext } from './fixtures/bitcoinProof.js';
import { certify, testHeader } from './fixtures/mainChain.js';

// `vitest run test/examples.test.ts -u` writes the files anew.
it('the files of the examples are what the code makes', async () => {
  const { proof, genesis, sets } = bitcoinFixture();
  const [set] = sets;
  const header = testHeader(genesis, set!, { height: 3 });
  const trust = encodeTrust({
    genesisTime: genesis.time,
    slotMilliseconds: genesis.slotMilliseconds,
    termBlocks: genesis.termBlocks,
    header,
    certificate: certify(header, set!, [0, 1, 3]),
    members: set!.members,
  });
  const payment = new TextDecoder().decode(encodeProof(proof, 'json', registryContext));
  await expect(payment).toMatchFileSnapshot('../examples/files/payment.json');
  await expect(trust).toMatchFileSnapshot('../examples/files/trust.json');
});
