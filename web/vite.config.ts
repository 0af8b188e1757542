import { defineConfig } from 'vitest/config';

/** Address of a running `mtbsync` server; `npm run dev` passes everything that is not a page to it. */
const SERVER = process.env['MTBSYNC_SERVER'] ?? 'http://127.0.0.1:8762';

/** Oldest browsers with `light-dark()`, which carries both themes in one set of tokens. */
const BROWSERS = ['chrome123', 'firefox121', 'safari17.5'];

export default defineConfig({
  // Host and Origin must agree for writes, and the server checks both: the proxy presents itself as the server.
  server: {
    proxy: Object.fromEntries(
      ['/api', '/files', '/healthz'].map((path) => [
        path,
        {
          target: SERVER,
          changeOrigin: true,
          headers: { origin: SERVER },
        },
      ]),
    ),
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: BROWSERS,
    cssTarget: BROWSERS,
    // The server's content policy allows no inline script, style or font: nothing may become a data URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
  test: { include: ['test/**/*.test.ts'] },
});
