import { existsSync } from 'node:fs';
import { beaconRoot, decodeSsz, encodeSsz, LightClient } from '../adapters/ethereum/consensus/index.js';
import { nativeBls } from '../mainchain/crypto/blst.js';
import { toHex } from '../proofs/bytes.js';
import { useFastHasher } from '../proofs/hash/fast.js';
import { sixPeriods } from '../test/support/lightClient.js';
import { median, race, report } from './measure.js';
import { installPeer, runPeer } from './peer.js';

const VERSION = '1.28.1';
const file = '../shared/data/eth-lightclient/mainnet_helios.json';
/** How often the six periods are gone over in a round. */
const TIMES = 10;

// Its signatures are checked by native code too: its install script fetches that.
const folder = existsSync(file)
  ? installPeer('@lodestar/light-client', VERSION, { scripts: true })
  : undefined;
if (folder === undefined) {
  console.log('skipped: it needs the real updates in ../shared/data and Lodestar from the npm registry');
} else {
  useFastHasher();
  const { network, bootstrap, updates } = sixPeriods();
  const validators = toHex(network.genesisValidatorsRoot);
  const peers = [1, 2, 3].map(() => runPeer('lodestar.mjs', [folder, file, validators, '20']));
  const wire = updates.map((update) => ({ fork: update.fork, bytes: encodeSsz(network, 'update', update) }));
  const root = beaconRoot(bootstrap.data.header.beacon);
  // No key is kept from one round to the next, as the other keeps none.
  const bls = nativeBls(0);
  const follow = () => {
    const client = LightClient.start(network, root, bootstrap.data, bls);
    for (const { fork, bytes } of wire)
      client.processUpdate(decodeSsz(network, 'update', fork, bytes).data, Number.POSITIVE_INFINITY);
  };
  const ours = await race([
    {
      name: 'decoding, every check, every signature',
      count: wire.length * TIMES,
      run: () => {
        for (let i = 0; i < TIMES; i++) follow();
      },
    },
  ]);
  const base = {
    name: `@lodestar/light-client ${VERSION} (${String(peers[0]?.implementation)}), decoded before`,
    perSecond: median(peers.map((peer) => Number(peer.perSecond))),
  };
  report('Sync-committee periods beside Lodestar: mainnet 862–867', [base, ...ours]);
}
