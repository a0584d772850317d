import { pageHelpers } from './helpers.js';

/**
 * The script of the page's part about the index: what is in it, and a search. Like the rest it builds elements and sets text,
 * never markup, and asks nobody but this server.
 */
export const indexScript = `'use strict';
(() => {
${pageHelpers}  const short = (text) => (text.length > 48 ? text.slice(0, 24) + '…' + text.slice(-16) : text);
  const at = (chain) => '/v1/index/chains/' + encodeURIComponent(chain);

  async function get(path) {
    const response = await fetch(path, { headers: { accept: 'application/json' } });
    // What stands between may answer with something else than JSON.
    const body = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(body.error ? body.error.message : 'the relay answered ' + response.status);
    return body;
  }

  function card(chain) {
    const last = chain.reorganisations.latest[0];
    return el('article', { class: 'card' },
      el('h3', {}, chain.chain, el('span', { class: 'tag ' + (chain.contents.complete ? 'good' : 'warn') }, chain.contents.complete ? 'complete' : 'filling')),
      el('p', { class: 'meta' }, chain.contents.note),
      line('Read at', 'event ' + number(chain.view.number) + ' · height ' + number(chain.view.height)),
      line('Headers', number(chain.headers) + ' · ' + number(chain.canonical) + ' on the best chain'),
      line('Transactions', number(chain.transactions)),
      chain.kind === 'bitcoin' ? line('Outputs', number(chain.outputs)) : line('Logs', number(chain.logs)),
      chain.lag.length > 0 ? line('Behind the log', chain.lag.map((one) => one.stream + ' ' + Math.round(one.events) + ' events' + (one.seconds >= 1 ? ', ' + Math.round(one.seconds) + ' s' : '')).join(' · ')) : undefined,
      line('Reorganisations', number(chain.reorganisations.count)
        + (last ? ' · last ' + last.depth + ' deep at ' + number(last.forkHeight) : '')));
  }

  function options(chains) {
    const select = byId('where');
    const names = chains.map((chain) => chain.chain);
    if (names.join() === [...select.options].map((option) => option.value).join()) return;
    select.replaceChildren(...names.map((name) => el('option', { value: name }, name)));
  }

  async function refresh() {
    try {
      const index = await get('/v1/index');
      options(index.chains);
      byId('finder').hidden = index.chains.length === 0;
      put('index', index.chains, () => index.chains.length > 0 ? index.chains.map(card) : empty('No chain is indexed.'));
    } catch (error) {
      // Who is searching keeps the form and what is in it, and may well get an answer.
      byId('finder').hidden = byId('where').options.length === 0;
      put('index', error.message, () => empty(error.message));
    } finally {
      setTimeout(refresh, document.hidden ? 60000 : 10000);
    }
  }

  function value(inner) {
    if (inner === null) return '–';
    if (Array.isArray(inner)) return inner.length === 0 ? 'none' : inner.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).map(short).join(', ');
    if (typeof inner === 'object') return Object.entries(inner).map(([name, one]) => name + ' ' + short(String(one))).join(' · ');
    return el('code', { title: String(inner).slice(0, 200) }, short(String(inner)));
  }
  const facts = (title, row) => el('article', { class: 'card wide' }, el('h3', {}, title),
    ...Object.entries(row).map(([name, inner]) => line(name, value(inner))));

  async function show(found) {
    const body = await get(found.path);
    const rows = Array.isArray(body.rows) ? body.rows : [body.header];
    const more = body.next ? ', and more' : '';
    return [
      el('p', { class: 'meta' }, found.type + ': ' + rows.length + more + ' at event ' + number(body.view.number) + ', height ' + number(body.view.height)
        + (body.covered ? ' · ' + body.covered.note : '') + ' · ', el('a', { href: found.path }, 'JSON')),
      ...rows.slice(0, 20).map((row) => facts(found.type, row)),
    ];
  }

  async function answer(chain, text) {
    try {
      const { found } = await get(at(chain) + '/search?q=' + encodeURIComponent(text));
      const parts = await Promise.all(found.map(show));
      return parts.length > 0 ? parts.flat() : empty('Nothing by that name is in the index.');
    } catch (error) {
      return empty(error.message);
    }
  }

  let searches = 0;
  async function search(event) {
    event.preventDefault();
    const text = byId('what').value.trim();
    if (text === '') return;
    const mine = ++searches;
    byId('found').replaceChildren(...empty('Searching…'));
    const nodes = await answer(byId('where').value, text);
    // A slow answer does not take the place of a later question's.
    if (mine === searches) byId('found').replaceChildren(...nodes);
  }
  document.addEventListener('DOMContentLoaded', () => {
    byId('finder').addEventListener('submit', search);
    refresh();
  });
})();
`;
