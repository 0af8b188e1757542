/** A sync from the browser: checked before it starts, followed while it runs, opened in Compare when it is done. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage, serve, settled } from './harness.mjs';

const SAMPLE = resolve(dirname(fileURLToPath(import.meta.url)), '../../data/sample');

let root, server, browser;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'mtbsync-jobs-'));
  await mkdir(join(root, 'videos'));
  for (const name of ['reference.mp4', 'new.mp4', 'reference_markers.csv']) await cp(join(SAMPLE, name), join(root, 'videos', name));
  server = await serve('dashboard', ['--allow-write', '--no-cache'], root);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  await rm(root, { recursive: true, force: true });
});

test('what is missing is said before anything is asked of the server', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await page.goto(`${server.url}/sync`);
  await page.getByRole('button', { name: 'Start' }).click();
  assert.equal(await page.getByText('Choose a recording').count(), 2);
  await page.getByLabel('Reference recording', { exact: true }).fill('/etc/passwd');
  await page.getByText('A path below the folder served, without / in front').waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});

test('a refusal of the server is shown', async () => {
  const { page, context } = await openPage(browser, server.url);
  await page.goto(`${server.url}/sync`);
  await page.getByLabel('Reference recording', { exact: true }).fill('videos/none.mp4');
  await page.getByLabel('New recording', { exact: true }).fill('videos/new.mp4');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('The sync was not started').waitFor();
  await page.getByLabel('Reference recording', { exact: true }).fill('videos/reference.mp4');
  await page.locator('summary').click();
  await page.getByLabel('Analysed frames per second').fill('90');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('must be 0.1 to 60').waitFor();
  await context.close();
});

test('a job can be cancelled and leaves nothing', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await page.goto(`${server.url}/sync`);
  await page.getByLabel('Reference recording', { exact: true }).fill('videos/reference.mp4');
  await page.getByLabel('New recording', { exact: true }).fill('videos/new.mp4');
  await page.locator('summary').click();
  // So fine that it cannot be done before it is cancelled.
  await page.getByLabel('Analysed frames per second').fill('60');
  await page.getByLabel('Results go to').fill('cancelled');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Nothing of this job is left').waitFor();
  const { items } = await (await fetch(`${server.url}/api/runs`)).json();
  assert.deepEqual(items, []);
  assert.deepEqual(problems, []);
  await context.close();
});

/** Asks for a job as the pages do: from a page, with its Origin. */
const ask = (page, kind, params) =>
  page.evaluate(
    async (body) => {
      const answer = await fetch('/api/jobs', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      return { status: answer.status, ...(await answer.json()) };
    },
    JSON.stringify({ kind, params }),
  );

/** What the browser itself says of an answer of 4xx, which these tests ask for. */
const isRefusal = (text) => /Failed to load resource: the server responded with a status of 4\d\d/.test(text);

test('a batch asked for by a page reaches its results', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await mkdir(join(root, 'pairs'));
  for (const [from, to] of [['reference', 'trail_ref'], ['new', 'trail_new']]) {
    await cp(join(SAMPLE, `${from}.mp4`), join(root, 'pairs', `${to}.mp4`));
  }
  await page.goto(`${server.url}/sync`);
  const refused = await ask(page, 'export', { markers: 'videos/reference_markers.csv', preset: 'csv', out: 'videos/new.mp4' });
  assert.deepEqual([refused.status, refused.code], [409, 'taken']);
  const { id } = await ask(page, 'batch', { 'input-dir': 'pairs', 'out-dir': 'all', 'ref-markers': 'videos/reference_markers.csv' });
  await page.goto(`${server.url}/sync?job=${id}`);
  await page.getByText(/^Done in/).waitFor();
  assert.match(await readFile(join(root, 'all', 'batch_summary.csv'), 'utf8'), /trail,true,/);
  assert.match(await readFile(join(root, 'all', 'trail', 'new_markers.csv'), 'utf8'), /,ok,/);
  await rm(join(root, 'all'), { recursive: true });
  assert.deepEqual(problems.filter((text) => !isRefusal(text)), []);
  await context.close();
});

test('a folder that cannot be read is a row that says why', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await mkdir(join(root, 'broken'));
  execFileSync('mkfifo', [join(root, 'broken', 'timewarp.json')]);
  await page.goto(`${server.url}/dashboard`);
  const row = page.getByRole('region', { name: 'Runs of this folder' }).locator('tbody tr', { hasText: 'broken' });
  await row.getByText('timewarp.json is no file: a folder or a pipe has its name').waitFor();
  await row.getByText('damaged').waitFor();
  await rm(join(root, 'broken'), { recursive: true });
  assert.deepEqual(problems.filter((text) => !isRefusal(text)), []);
  await context.close();
});

test('a finished sync opens in Compare, and its job can be found again', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await page.goto(`${server.url}/sync`);
  await page.getByLabel('Reference recording', { exact: true }).fill('videos/reference.mp4');
  await page.getByLabel('New recording', { exact: true }).fill('videos/new.mp4');
  await page.getByLabel('Markers of the reference').fill('videos/reference_markers.csv');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('progressbar').waitFor();
  await page.waitForURL(/\/compare\?run=/);
  await page.locator('.run-facts').getByText('aligned').waitFor();
  await settled(page);
  assert.equal(await page.locator('.panel tbody tr').count(), 6);
  await page.goto(`${server.url}/sync`);
  await page.getByRole('link', { name: /^sync / }).first().click();
  await page.getByText(/^Done in/).waitFor();
  await page.getByRole('link', { name: 'Open in Compare' }).waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});
