/** Bitcoin Core `src/kernel/chainparams.cpp`, `SegwitHeight`. Signets, custom ones too, and testnet4: from block 1. */
const HEIGHTS: ReadonlyMap<string, number> = new Map([
  ['bitcoin-mainnet', 481824],
  ['bitcoin-testnet3', 834624],
  ['bitcoin-regtest', 0],
]);

/** First height at which a witness commitment binds a block of this network (BIP141). */
export function segwitHeight(chainName: string): number {
  return HEIGHTS.get(chainName) ?? 1;
}
