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

/**
 * A machine that decodes in software and does something else for a second misses frames whatever the page does, so the limit has to hold
 * in one of a few plays, not in each.
 */
const PLAYS = 3;

/** Plays from the start; errors of the pairs of frames seen together, seconds, ascending. */
async function play(page, warp) {
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
  return pairs
    .map(([tNew, tRef]) => tRef - (interpolate(warp.t_new, warp.t_ref, tNew) ?? Number.NaN))
    .filter(Number.isFinite)
    .map(Math.abs)
    .sort((a, b) => a - b);
}

test('95 % of the pictures shown together are within 50 ms of one place', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  const id = await runId(server.url, 'sample');
  const { warp, at } = await fetchMap(server.url, id);
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k < PLAYS && best >= LIMIT_SECS; k += 1) {
    await openCompare(page, server.url, id, '&t=0.4');
    const errors = await play(page, warp);
    const p95 = errors[Math.floor(errors.length * 0.95)] ?? Number.POSITIVE_INFINITY;
    console.log(`lock: ${errors.length} pairs, median ${(errors[errors.length >> 1] * 1000).toFixed(1)} ms, p95 ${(p95 * 1000).toFixed(1)} ms`);
    if (errors.length > 200) best = Math.min(best, p95);
  }
  assert.ok(best < LIMIT_SECS, `p95 of the lock error is ${best} s`);
  const shown = await shownFrames(page);
  assert.ok(Math.abs(shown.ref - at(shown.new)) <= FRAME_SECS, 'paused: within one frame');
  assert.deepEqual(problems, []);
  await context.close();
});
