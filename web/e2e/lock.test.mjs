/** Twenty seconds of play: what is on the screen together shows the same place. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fetchMap, interpolate, launch, openCompare, openPage, runId, serve, shownFrames } from './harness.mjs';

const PLAY_MS = 20_000;
const LIMIT_SECS = 0.05;
const FRAME_SECS = 1 / 30 + 0.002;

let server, browser;
before(async () => {
  server = await serve('preview');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

test('95 % of the pictures shown together are within 50 ms of one place', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  const id = await runId(server.url, 'sample');
  const { warp, at } = await fetchMap(server.url, id);
  await openCompare(page, server.url, id, '&t=0.4');
  // At every repaint, the two frames on the screen; a pair is noted once.
  const pairs = await page.evaluate(async (playMs) => {
    const seen = [];
    const end = performance.now() + playMs;
    document.querySelector('.play').click();
    while (performance.now() < end) {
      await new Promise((done) => requestAnimationFrame(done));
      const pair = [window.shownFrame('new'), window.shownFrame('ref')];
      const last = seen[seen.length - 1];
      if (!last || last[0] !== pair[0] || last[1] !== pair[1]) seen.push(pair);
    }
    document.querySelector('.play').click();
    return seen;
  }, PLAY_MS);
  const errors = pairs
    .map(([tNew, tRef]) => tRef - (interpolate(warp.t_new, warp.t_ref, tNew) ?? Number.NaN))
    .filter(Number.isFinite)
    .map(Math.abs)
    .sort((a, b) => a - b);
  const p95 = errors[Math.floor(errors.length * 0.95)];
  console.log(`lock: ${errors.length} pairs, median ${(errors[errors.length >> 1] * 1000).toFixed(1)} ms, p95 ${(p95 * 1000).toFixed(1)} ms`);
  assert.ok(errors.length > 200, `only ${errors.length} pairs of frames were shown`);
  assert.ok(p95 < LIMIT_SECS, `p95 of the lock error is ${p95} s`);
  const shown = await shownFrames(page);
  assert.ok(Math.abs(shown.ref - at(shown.new)) <= FRAME_SECS, 'paused: within one frame');
  assert.deepEqual(problems, []);
  await context.close();
});
