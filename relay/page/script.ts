import { pageHelpers } from './helpers.js';

/** The page's script. It builds elements and sets text, never markup, so nothing it is told can become code. */
export const pageScript = `'use strict';
(() => {
${pageHelpers}  const short = (hash) => (hash.length > 24 ? hash.slice(0, 12) + '…' + hash.slice(-8) : hash);
  const fact = (name, value, small, className) =>
    el('div', { class: className }, el('dt', {}, name), el('dd', {}, value, small ? el('small', {}, ' ' + small) : ''));
  const code = (hash) => el('code', { title: hash }, short(hash));

  function showMain(main) {
    if (!main) return put('main', null, () => [fact('State', 'not reachable')]);
    const signers = main.certificate ? main.certificate.signers + ' of ' + main.delegates : '–';
    put('main', main, () => [
      fact('Head', number(main.head.height)),
      fact('Justified', number(main.justified.height)),
      fact('Finalised', number(main.finalized.height)),
      fact('Term', number(main.term)),
      fact('Signed by', signers, main.certificate ? 'delegates' : ''),
      fact('Finalised root', code(main.finalized.root)),
    ]);
  }

  function card(chain) {
    const tone = chain.status === 'paused' || !chain.source.healthy ? 'bad' : chain.status === 'active' ? 'good' : 'warn';
    const step = (name, at, kind) => fact(name, number(at && at.height), '', at ? kind || 'on' : '');
    const tip = chain.committed;
    return el('article', { class: 'card' },
      el('h3', {}, chain.name, el('span', { class: 'tag ' + tone }, chain.source.healthy ? chain.status : 'source down')),
      el('p', { class: 'meta' }, chain.policy + ' · assurance ' + chain.assurance + ' · from height ' + number(chain.start)),
      el('dl', { class: 'steps' },
        step('Seen', chain.local), step('Accepted', chain.accepted), step('Committed', chain.committed), step('Finalised', chain.finalized, 'final')),
      tip ? line('Committed block', el('a', { href: '/v1/chains/' + encodeURIComponent(chain.name) + '/headers/' + encodeURIComponent(tip.hash) }, code(tip.hash))) : undefined,
      chain.historyRoot ? line('History root', code(chain.historyRoot)) : undefined,
      line('Leaves · epoch · reorganisations', number(chain.size) + ' · ' + number(chain.epoch) + ' · ' + chain.reorganisations),
      chain.lightClient ? line('Final by sync committee', 'slot ' + number(chain.lightClient.slot) + ' · period ' + number(chain.lightClient.period)
        + (chain.lightClient.pending ? ' · headers missing below ' + number(chain.lightClient.pending.height) : '')) : undefined,
      line('Source', chain.source.name + (chain.source.problem ? ': ' + chain.source.problem : '')),
      chain.submission ? line('Relay', chain.submission.message || chain.submission.state) : undefined);
  }

  function table(name, heads, rows) {
    return el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name },
      el('table', {}, el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
        el('tbody', {}, ...rows.map((cells) => el('tr', {}, ...cells.map((cell) => el('td', {}, cell)))))));
  }

  function showProofs(proofs) {
    if (proofs.length === 0) return;
    put('proofs', proofs, () => [table('Latest proofs', ['Chain', 'Kind', 'Of', 'Height', 'As of main', 'Size', 'Built in', 'Download'],
      proofs.map((proof) => {
        const join = proof.path.includes('?') ? '&' : '?';
        return [proof.chain, proof.kind, code(proof.subject), number(proof.height), number(proof.mainHeight),
          number(String(proof.bytes)) + ' B', (proof.milliseconds < 10 ? proof.milliseconds : number(String(Math.round(proof.milliseconds)))) + ' ms',
          el('span', {}, el('a', { href: proof.path + join + 'format=json' }, 'JSON'), ' · ', el('a', { href: proof.path + join + 'format=ssz' }, 'SSZ'))];
      }))]);
  }

  async function showReorgs(chains) {
    const rows = [];
    const answers = [];
    for (const chain of chains) {
      if (chain.reorganisations === 0) continue;
      const answer = await get('/v1/chains/' + encodeURIComponent(chain.name) + '/reorgs?limit=10');
      answers.push(answer);
      for (const reorg of answer.reorganisations) {
        rows.push([chain.name, number(reorg.forkHeight), code(reorg.oldTip.hash), code(reorg.newTip.hash), number(reorg.epoch), number(reorg.mainHeight),
          el('a', { href: reorg.proof }, 'Proof')]);
      }
    }
    if (rows.length > 0) put('reorgs', answers, () => [table('Reorganisations', ['Chain', 'Fork height', 'Old tip', 'New tip', 'Epoch', 'Main height', ''], rows)]);
  }

  async function get(path) {
    const response = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-store' });
    if (!response.ok) throw new Error('the relay answered ' + response.status);
    return response.json();
  }

  function state(tone, text) {
    byId('dot').className = 'dot ' + tone;
    byId('state').textContent = text;
  }

  function showProblems(problems) {
    byId('problems').hidden = problems.length === 0;
    put('problems', problems, () => problems.map((problem) => el('p', {}, problem)));
  }

  let heard;
  async function refresh() {
    try {
      const status = await get('/v1/status');
      showMain(status.main);
      put('chains', [status.chains, !status.main], () => status.chains.length > 0 ? status.chains.map(card)
        : empty(status.main ? 'No foreign chain is configured.' : 'Nothing is known of them while the main chain is not reachable.'));
      showProofs(status.proofs);
      showProblems(status.problems);
      byId('version').textContent = 'Crossroot ' + status.version + (status.operator ? ' · operator ' + short(status.operator.account) : ' · answers only');
      state(status.ready ? 'good' : 'warn', (status.ready ? 'Live' : 'Degraded') + ' · ' + new Date().toLocaleTimeString());
      heard = new Date();
      await showReorgs(status.chains);
    } catch (error) {
      state('bad', 'No answer');
      const age = heard ? 'What is below is of ' + heard.toLocaleTimeString() + '.' : '';
      showProblems(['The relay gives no answer (' + error.message + '). ' + age + ' This page asks again by itself.']);
    } finally {
      setTimeout(refresh, document.hidden ? 10000 : 2000);
    }
  }
  document.addEventListener('DOMContentLoaded', refresh);
})();
`;
