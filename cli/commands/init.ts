import { resolve } from 'node:path';
import { toHex } from '../../proofs/bytes.js';
import { GenesisType } from '../../proofs/containers/genesis.js';
import { keptChain, resolveChain } from '../init/chains.js';
import { DataFolder } from '../init/data.js';
import { makeGenesis } from '../init/genesis.js';
import { print } from '../output.js';
import { givenPassphrase, type PassphraseFlags } from '../passphrase.js';
import { loadRoleConfig } from '../roles/setup.js';

export interface InitFlags extends PassphraseFlags {
  readonly json: boolean;
  readonly config?: string;
  readonly data: string;
}

/**
 * Makes what every role begins with: genesis, keys, checkpoints. What is there stays as it is.
 * @throws ConfigError, DataMismatchError, AlreadyRunningError; PartFailedError where a chain's sources do not answer
 */
export async function initCommand(flags: InitFlags): Promise<void> {
  const config = await loadRoleConfig(flags.config);
  const passphrase = await givenPassphrase(flags);
  const data = await DataFolder.open(resolve(flags.data));
  try {
    const genesis = await makeGenesis(config.main, data, passphrase);
    const { signal } = new AbortController();
    const chains = await Promise.all(
      config.chains.map(async (chain) => {
        const kept = await keptChain(chain, data);
        if (kept === undefined) await resolveChain(chain, chain.sources ?? [], data, signal);
        return { name: chain.name, made: kept === undefined, checkpoint: data.checkpoint(chain.name) };
      }),
    );
    const root = toHex(GenesisType.hashTreeRoot(genesis));
    const { delegates } = genesis;
    const operators = genesis.balances.length - delegates.length;
    print(
      flags.json,
      { data: data.path, genesisRoot: root, delegates: delegates.length, operators, chains },
      [
        `genesis ${root}: ${data.genesisFile}`,
        `keys of ${delegates.length} delegates and ${operators} operators`,
        ...chains.map(
          ({ name, made, checkpoint }) => `${name}: checkpoint ${made ? 'made' : 'was there'}: ${checkpoint}`,
        ),
      ],
    );
  } finally {
    await data.close();
  }
}
