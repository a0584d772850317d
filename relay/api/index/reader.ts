import type { IndexStore } from '../../../indexers/store/indexStore.js';

/** What the API asks of the index: its reading side, wherever the store is. */
export type IndexReader = Pick<
  IndexStore,
  'headers' | 'header' | 'latest' | 'reorganisations' | 'commitments' | 'evidence' | 'counts'
>;
