// Asks a service of this container whether it is well: `node healthcheck.mjs URL` ends with 0 if it answers with 2xx in time.
const [url = ''] = process.argv.slice(2);
try {
  const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(4000) });
  if (!ok) console.error(`${url}: HTTP ${status}`);
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(`${url}: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
