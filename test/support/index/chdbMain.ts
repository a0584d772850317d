import { openChdbStore } from '../../../indexers/store/chdbStore.js';
import { EventMaker } from './eventMaker.js';

/**
 * A process that opens the embedded index of a folder: `hold` keeps it; `write` writes events of a made chain, over and over, and
 * tells the number of each that a write has returned for.
 */
const [folder = '', mode = ''] = process.argv.slice(2);
try {
  const store = await openChdbStore(folder);
  console.log('open');
  const maker = new EventMaker('made');
  maker.take(await store.lastNumber('made'));
  for (let i = 0; mode === 'write'; i++) {
    const events = maker.take(1 + ((i * 7919) % 3000));
    await store.writeEvents('made', events);
    await store.writePosition('made', maker.number);
    console.log(maker.number);
  }
  // Until it is ended.
  setInterval(() => undefined, 1000);
} catch (error) {
  console.log(JSON.stringify(error));
  process.exit(1);
}
