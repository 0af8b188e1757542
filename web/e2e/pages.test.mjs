/** Every page, both themes, laptop and phone: readable, accessible, quiet; a picture of each goes to out/screenshots. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage, runId, serve, settled } from './harness.mjs';

const SCREENSHOTS = resolve(dirname(fileURLToPath(import.meta.url)), '../../out/screenshots');
const PAGES = ['dashboard', 'telemetry', 'compare', 'preview', 'viewer', 'sync'];
const START_PAGES = { dashboard: 'dashboard', 'telemetry-ui': 'telemetry', 'compare-ui': 'compare', preview: 'preview' };

let server, browser, axe, sample;
before(async () => {
  server = await serve('dashboard', ['--allow-write']);
  browser = await launch();
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  sample = await runId(server.url, 'sample');
  await mkdir(SCREENSHOTS, { recursive: true });
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Serious problems by axe-core, in a line each. */
async function accessibilityProblems(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

async function open(page, name) {
  const query = name === 'compare' || name === 'preview' ? `?run=${sample}&t=14.2` : '';
  await page.goto(`${server.url}/${name}${query}`);
  await page.locator('main h1, main h2').first().waitFor({ state: 'attached' });
  if (query !== '') await settled(page);
  // Whatever is asked at first is there; streams stay open, so an idle network cannot be waited for.
  await page.waitForFunction(() => document.querySelectorAll('main .loading').length === 0);
}

for (const [width, height] of [[1440, 900], [390, 844]]) {
  for (const scheme of ['light', 'dark']) {
    test(`pages at ${width} px, ${scheme}`, async () => {
      const { page, context, problems } = await openPage(browser, server.url, { width, height, scheme });
      for (const name of PAGES) {
        await open(page, name);
        await page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}-${scheme}.png`), fullPage: true });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(overflow <= 0, `${name} is ${overflow} px wider than the window`);
        // Contrast needs both themes, the rest of the rules one look.
        if (width === 1440 || scheme === 'light') assert.deepEqual(await accessibilityProblems(page), [], `${name} at ${width} px, ${scheme}`);
        assert.deepEqual(problems, [], `${name} at ${width} px, ${scheme}`);
      }
      await context.close();
    });
  }
}

test('every command starts on its page', async (t) => {
  const { page, context } = await openPage(browser, server.url);
  for (const [command, name] of Object.entries(START_PAGES)) {
    const own = await serve(command);
    t.after(() => own.stop());
    await page.goto(`${own.url}/`);
    const current = page.locator('nav a[aria-current=page]');
    await current.waitFor();
    assert.equal((await current.innerText()).toLowerCase(), name);
    assert.equal(await own.stop(), 0);
  }
  await context.close();
});

test('pages without any run say which command makes one', async (t) => {
  const empty = await mkdtemp(join(tmpdir(), 'mtbsync-empty-'));
  const own = await serve('compare-ui', [], empty);
  t.after(async () => {
    await own.stop();
    await rm(empty, { recursive: true, force: true });
  });
  const { page, context, problems } = await openPage(browser, own.url);
  for (const name of ['compare', 'preview']) {
    await page.goto(`${own.url}/${name}`);
    await page.getByText('mtbsync sync').first().waitFor();
  }
  assert.deepEqual(problems, []);
  await context.close();
});
