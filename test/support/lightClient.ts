import { readdirSync } from 'node:fs';
import {
  type ConsensusNetwork,
  consensusNetwork,
  defineConsensusNetwork,
  fromBeaconJson,
  type LightClientData,
  type LightClientKind,
  type Versioned,
} from '../../adapters/ethereum/consensus/index.js';
import { dataPath, hasData, readJson } from '../data/folder.js';

/** Light-client data of one real file, in the order in which it was made. */
export interface LightClientFile {
  readonly name: string;
  readonly network: ConsensusNetwork;
  readonly bootstrap: Versioned<LightClientData['bootstrap']>;
  readonly updates: readonly Versioned<LightClientData['update']>[];
  readonly finalityUpdates: readonly Versioned<LightClientData['finalityUpdate']>[];
  readonly optimisticUpdates: readonly Versioned<LightClientData['optimisticUpdate']>[];
}

interface FileJson {
  readonly network: string;
  readonly bootstrap: readonly unknown[];
  readonly updates: readonly unknown[];
  readonly finality_updates: readonly unknown[];
  readonly optimistic_updates: readonly unknown[];
}

const FOLDER = 'eth-lightclient';

/** The files of public networks. */
export function lightClientFiles(): LightClientFile[] {
  if (!hasData) return [];
  return readdirSync(dataPath(FOLDER))
    .filter((name) => /^(mainnet|sepolia)_.*\.json$/.test(name))
    .map((name) => {
      const json = readJson<FileJson>(`${FOLDER}/${name}`);
      const network = consensusNetwork(`ethereum-${json.network}`)!;
      const read = <K extends LightClientKind>(kind: K, list: readonly unknown[]) =>
        list.map((one) => fromBeaconJson(network, kind, one)).sort((a, b) => slotOf(a.data) - slotOf(b.data));
      return {
        name,
        network,
        bootstrap: read('bootstrap', json.bootstrap)[0]!,
        updates: read('update', json.updates),
        finalityUpdates: read('finalityUpdate', json.finality_updates),
        optimisticUpdates: read('optimisticUpdate', json.optimistic_updates),
      };
    });
}

/** The file that begins with a bootstrap and goes on over six periods. */
export function sixPeriods(): LightClientFile {
  return lightClientFiles().find((file) => file.name === 'mainnet_helios.json')!;
}

function slotOf(data: LightClientData[LightClientKind]): number {
  return ('header' in data ? data.header : data.attestedHeader).beacon.slot;
}

interface DevnetJson {
  readonly steps: readonly { readonly name: string; readonly data: Record<string, unknown> }[];
}

interface DevnetState {
  readonly client_state: {
    readonly genesis_time: number;
    readonly genesis_validators_root: string;
    readonly seconds_per_slot: number;
    readonly fork_parameters: Record<string, { readonly epoch: number; readonly version: string }>;
  };
  readonly consensus_state: Record<
    'current_sync_committee' | 'next_sync_committee',
    { readonly aggregate_pubkey: string; readonly pubkeys_hash: string }
  > & { readonly slot: number };
}

interface DevnetHeader {
  readonly consensus_update: Record<string, unknown>;
  readonly active_sync_committee: { readonly Next: unknown };
}

/** A development network's chain under Fulu: what a client knew at first, and the updates that followed. */
export function fuluDevnet() {
  const name = readdirSync(dataPath(FOLDER)).find((one) => one.startsWith('devnet_'))!;
  const [first, ...rest] = readJson<DevnetJson>(`${FOLDER}/${name}`).steps;
  const state = first!.data as unknown as DevnetState;
  const { client_state: client } = state;
  const forks = ['altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu'] as const;
  const network = defineConsensusNetwork({
    name: 'fulu-devnet',
    preset: 'minimal',
    slotMilliseconds: 1000 * client.seconds_per_slot,
    genesisTime: client.genesis_time,
    genesisValidatorsRoot: Buffer.from(client.genesis_validators_root.slice(2), 'hex'),
    forks: forks.map((fork) => ({
      fork,
      epoch: client.fork_parameters[fork]!.epoch,
      version: Buffer.from(client.fork_parameters[fork]!.version.slice(2), 'hex'),
    })),
  });
  const updates = rest.map(({ data }) => {
    // A protobuf message around JSON; its only object with this first key.
    const text = Buffer.from(String(data.relayer_tx_body), 'hex').toString('latin1');
    const header = JSON.parse(
      firstObject(text.slice(text.indexOf('{"active_sync_committee"'))),
    ) as DevnetHeader;
    const decimal = (key: string, value: unknown) =>
      key === 'base_fee_per_gas' ? BigInt(value as string).toString() : value;
    const plain: unknown = JSON.parse(JSON.stringify(header.consensus_update, decimal));
    return {
      update: fromBeaconJson(network, 'update', plain),
      committee: header.active_sync_committee.Next as { pubkeys: string[]; aggregate_pubkey: string },
    };
  });
  return { network, state: state.consensus_state, updates };
}

/** The JSON object that `text` begins with. */
function firstObject(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    if (text[i] === '}' && --depth === 0) return text.slice(0, i + 1);
  }
  throw new SyntaxError('no object');
}
