import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

export interface Bundle {
  /** One ES module. */
  readonly code: string;
  /** Files in it, relative to the project's folder. */
  readonly files: readonly string[];
  /** Node built-ins that something in it imports, with the importer. */
  readonly builtins: readonly string[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Bundles `entry` for browsers as a page's author would, and reports what a browser does not have. */
export async function bundlePage(entry = 'entry.ts'): Promise<Bundle> {
  const builtins: string[] = [];
  // Vite itself would put an empty module in the place of a Node built-in.
  const watch: Plugin = {
    name: 'watch-builtins',
    enforce: 'pre',
    resolveId(id, importer) {
      if (isBuiltin(id)) builtins.push(`${id} in ${importer?.replace(root, '')}`);
      return undefined;
    },
  };
  const result = await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    plugins: [watch],
    build: {
      write: false,
      target: 'es2023',
      rollupOptions: { input: fileURLToPath(new URL(entry, import.meta.url)) },
    },
  });
  const [output, second] = 'output' in result ? result.output : [];
  if (output?.type !== 'chunk' || second !== undefined) throw new Error('the page is not one chunk');
  const files = output.moduleIds.map((id) => id.replace(root, ''));
  return { code: output.code, files, builtins };
}
