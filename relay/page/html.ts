/** The page's skeleton. Kept in code, so that the compiled package needs no files beside it. */
export function pageHtml(version: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Crossroot relay</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css?v=${version}">
<script src="/page.js?v=${version}" defer></script>
<script src="/index.js?v=${version}" defer></script>
</head>
<body>
<header class="top">
  <div class="brand"><span class="mark" aria-hidden="true"></span><h1>Crossroot</h1><span class="sub">relay</span></div>
  <div class="live"><span id="dot" class="dot wait"></span><span id="state" role="status">Connecting…</span></div>
</header>
<main>
  <section id="problems" class="problems" hidden aria-live="polite"></section>
  <section aria-labelledby="main-title">
    <h2 id="main-title">Main chain</h2>
    <dl id="main" class="facts"></dl>
  </section>
  <section aria-labelledby="chains-title">
    <h2 id="chains-title">Foreign chains</h2>
    <div id="chains" class="cards"><p class="empty">Waiting for the first answer…</p></div>
  </section>
  <section aria-labelledby="reorgs-title">
    <h2 id="reorgs-title">Reorganisations</h2>
    <div id="reorgs"><p class="empty">None below a committed block.</p></div>
  </section>
  <section aria-labelledby="proofs-title">
    <h2 id="proofs-title">Latest proofs</h2>
    <div id="proofs"><p class="empty">None built yet.</p></div>
    <p class="meta">Anybody checks such a file offline: <code>npx crossroot verify FILE --trust trust.json</code>. A <a href="/v1/main/trust">trust file</a> of this main chain; whether to trust it is up to its reader.</p>
  </section>
  <section aria-labelledby="index-title">
    <h2 id="index-title">Index</h2>
    <div id="index" class="cards"><p class="empty">Waiting for the first answer…</p></div>
    <form id="finder" class="finder" hidden>
      <span class="field"><label for="where">Chain</label><select id="where"></select></span>
      <span class="field wide"><label for="what">Find</label><input id="what" type="search" maxlength="200" autocomplete="off" spellcheck="false" placeholder="transaction, block, height, address or script"></span>
      <button type="submit">Search</button>
    </form>
    <div id="found" class="found" aria-live="polite"></div>
  </section>
</main>
<footer>
  <span id="version"></span>
  <nav aria-label="Machine interfaces">
    <a href="/v1/status">Status</a> <a href="/openapi.json">OpenAPI</a> <a href="/metrics">Metrics</a> <a href="/readyz">Readiness</a>
  </nav>
</footer>
<noscript><p class="problems">This page needs JavaScript; the same facts are at <a href="/v1/status">/v1/status</a>.</p></noscript>
</body>
</html>
`;
}
