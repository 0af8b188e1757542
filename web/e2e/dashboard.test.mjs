/** Dashboard, telemetry and viewer on real runs beside a made-up batch and a damaged run: what they show, live, and what they change. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, openPage, ROOT, serve } from './harness.mjs';

const BATCH = `ref_video,new_video,out_dir,ok,error,gps_used,timewarp_ok,candidates_kept,candidates_total,markers_written,retrieval_sec,warp_sec,markers_sec,total_sec,ppm,p90,inlier_frac,coverage,markers_review,markers_outside,reasons
in/a_ref.mp4,in/a_new.mp4,out/sample,true,,true,true,107,402,6,1.4,0.001,0.1,11.7,10906.9,0.10,0.98,0.79,0,0,
in/b_ref.mp4,in/b_new.mp4,out/b,true,,false,true,107,402,6,1.9,0.001,0.2,14.1,10906.9,0.75,0.98,0.79,1,0,
in/c_ref.mp4,in/c_new.mp4,out/c,true,,false,true,107,402,6,0.9,0.001,0.2,9.1,10906.9,1.31,0.61,0.71,2,1,
in/d_ref.mp4,in/d_new.mp4,out/d,true,,false,false,0,402,,0.8,0.001,,1.1,,,0,0,,,no common stretch
in/e_ref.mp4,"in/<img src=x onerror=alert(1)>.mp4",out/e,false,not a video (unreadable),,,,,,,,,0.2,,,,,,,
`;

let root, server, browser, axe;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'mtbsync-dashboard-'));
  await cp(ROOT, root, { recursive: true, preserveTimestamps: true });
  await writeFile(join(root, 'batch_summary.csv'), BATCH);
  await mkdir(join(root, 'damaged'));
  await writeFile(join(root, 'damaged/timewarp.json'), '{"ok": tr');
  server = await serve('dashboard', ['--allow-write'], root);
  browser = await launch();
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});
after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
  await rm(root, { recursive: true, force: true });
});

async function open(page, path, base = server.url) {
  await page.goto(`${base}${path}`);
  await page.locator('main h1, main h2').first().waitFor({ state: 'attached' });
  await page.waitForFunction(() => document.querySelectorAll('main .loading').length === 0);
}

async function assertAccessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`), [], what);
}

const card = (page, title) => page.getByRole('region', { name: title, exact: true });

test('the dashboard says how runs and pairs ended, in words and not by colour alone', async () => {
  for (const scheme of ['light', 'dark']) {
    const { page, problems, context } = await openPage(browser, server.url, { scheme });
    await open(page, '/dashboard');
    const pairs = page.getByRole('region', { name: 'Pairs of the batch' }).locator('tbody tr');
    assert.deepEqual(await pairs.locator('td:first-child').allInnerTexts(), ['good', 'fair', 'loose', 'refused', 'failed']);
    assert.deepEqual(await pairs.evaluateAll((rows) => rows.map((row) => row.className)), ['batch-good', 'batch-fair', 'batch-loose', 'batch-refused', 'batch-failed']);
    assert.match(await pairs.nth(4).innerText(), /onerror=alert\(1\)>\.mp4/);
    const runs = page.getByRole('region', { name: 'Runs of this folder' });
    assert.match(await runs.locator('tr', { hasText: 'damaged' }).last().innerText(), /damaged/);
    assert.match(await card(page, 'Regression').innerText(), /LEARNING/);
    assert.ok(await card(page, 'Time warp').locator('canvas').isVisible());
    assert.equal(await card(page, 'Machine').locator('.small-chart').count(), 5);
    await assertAccessible(page, scheme);
    assert.deepEqual(problems, []);
    await context.close();
  }
});

test('a run that ends appears by itself', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await open(page, '/dashboard');
  const live = page.getByRole('region', { name: 'Newest run records, as they come' });
  await live.getByText('sample/perf.json').waitFor();
  await cp(join(root, 'sample'), join(root, 'fresh'), { recursive: true });
  await live.getByText('fresh/perf.json').waitFor();
  await page.getByRole('region', { name: 'Runs of this folder' }).getByRole('link', { name: 'fresh' }).waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});

test('markers can be searched, written as JSON, and old records pruned', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await open(page, '/dashboard');
  await page.getByLabel('Marker file').selectOption('sample/new_markers.csv');
  await page.getByLabel('Search markers').fill('gap');
  const rows = page.getByRole('region', { name: 'Markers of sample/new_markers.csv' }).locator('tbody tr');
  await page.waitForFunction((n) => document.querySelectorAll('.dash-markers tbody tr').length === n, 2);
  assert.match((await rows.allInnerTexts()).join(), /gap.*gap/is);
  await page.getByLabel('Table', { exact: true }).selectOption('sample/new_markers.csv');
  await page.getByRole('button', { name: 'Export JSON' }).click();
  await page.getByText('Written: sample/new_markers.json').waitFor();
  // The message stands over the buttons at the end of the page.
  await page.getByRole('button', { name: 'Close message' }).click();
  assert.equal(JSON.parse(await readFile(join(root, 'sample/new_markers.json'), 'utf8')).markers.length, 6);
  await page.getByLabel('Run records to keep').fill('1.5');
  assert.ok(await page.getByRole('button', { name: 'Prune' }).isDisabled());
  await page.getByLabel('Run records to keep').fill('1');
  await page.getByRole('button', { name: 'Prune' }).click();
  await page.locator('dialog[open]').getByRole('button', { name: 'Delete' }).click();
  await page.getByText(/run records deleted, 1 kept/).waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});

test('without the right to write nothing is offered that would be refused', async () => {
  const own = await serve('dashboard', [], root);
  const { page, problems, context } = await openPage(browser, own.url);
  await open(page, '/dashboard', own.url);
  assert.equal(await page.getByRole('button', { name: /Prune|Export JSON/ }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'New sync' }).count(), 0);
  await open(page, '/sync', own.url);
  await page.getByText('--allow-write').first().waitFor();
  assert.deepEqual(problems, []);
  await context.close();
  await own.stop();
});

test('telemetry keeps its filters in the address and writes what it shows', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await open(page, '/telemetry?metrics=fps,rss_mb&smooth=3&last=20');
  assert.equal(await page.locator('.metric-card canvas').count(), 2);
  await page.getByLabel('Memory', { exact: true }).uncheck();
  await page.waitForURL((url) => url.searchParams.get('metrics') === 'fps');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  assert.match(await readFile(await file.path(), 'utf8'), /^ts,run,fps\n\d{4}-/);
  await page.getByLabel('To', { exact: true }).fill('2001-01-01T00:00');
  await page.getByText('No run in this range').waitFor();
  await page.getByRole('button', { name: 'All times' }).click();
  await page.locator('.metric-card canvas').waitFor();
  await assertAccessible(page, 'telemetry');
  assert.deepEqual(problems, []);
  await context.close();
});

test('the viewer draws the chosen run and markers and reads the curve at the pointer', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await open(page, '/viewer');
  await page.getByLabel('Run', { exact: true }).selectOption({ label: 'sample' });
  await page.locator('.viewer-markers li').nth(5).waitFor();
  const box = await page.locator('.viewer-plot .u-over').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const [newTime, refTime] = await page.getByLabel('At the pointer', { exact: true }).locator('dd').allInnerTexts();
  assert.match(newTime, /^0:1\d\.\d\d$/);
  assert.match(refTime, /^0:\d\d\.\d\d$/);
  await page.getByLabel('Markers', { exact: true }).selectOption('none');
  await page.waitForFunction(() => document.querySelectorAll('.viewer-markers li').length === 0);
  await page.getByLabel('Run', { exact: true }).selectOption({ label: 'damaged' });
  await page.getByText('This run cannot be read').waitFor();
  await assertAccessible(page, 'viewer');
  assert.deepEqual(problems, []);
  await context.close();
});

test('an empty folder says what to run', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'mtbsync-empty-'));
  const own = await serve('dashboard', [], empty);
  const { page, problems, context } = await openPage(browser, own.url, { width: 390, height: 844 });
  for (const [path, commands] of [['/dashboard', 6], ['/telemetry', 1], ['/viewer', 1]]) {
    await open(page, path, own.url);
    await page.getByText(/mtbsync (sync|batch)/).first().waitFor();
    assert.ok((await page.locator('.empty pre').count()) >= commands, path);
  }
  assert.deepEqual(problems, []);
  await context.close();
  await own.stop();
  await rm(empty, { recursive: true, force: true });
});
