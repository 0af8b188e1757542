/** Compare: both sides show the same place, and what a person says is kept. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fetchMap, launch, openCompare, openPage, runId, scrub, serve, settled, shownFrames } from './harness.mjs';

/** One frame of the sample, which has 30 a second, and rounding of its times. */
const FRAME_SECS = 1 / 30 + 0.002;

let server, browser, sample, lap;
before(async () => {
  server = await serve('compare-ui');
  browser = await launch();
  sample = await runId(server.url, 'sample');
  lap = await runId(server.url, 'race-lap');
});
after(async () => {
  await browser?.close();
  assert.equal(await server?.stop(), 0);
});

const near = (a, b, tolerance, what) => assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} is not within ${tolerance} of ${b}`);

test('opens with real data and complains about nothing', async () => {
  const { page, problems, context } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample);
  assert.equal(await page.locator('.panel tbody tr').count(), 6);
  assert.match(await page.locator('.run-facts').innerText(), /aligned/);
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  assert.deepEqual(problems, []);
  await context.close();
});

test('scrubbing either side keeps the other within a frame', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  const map = await fetchMap(server.url, sample);
  await openCompare(page, server.url, sample);
  for (const [side, secs] of [['new', 3.21], ['ref', 17.5], ['new', 15.93], ['ref', 8.04], ['new', 20.2]]) {
    await scrub(page, side, secs);
    const shown = await shownFrames(page);
    near(shown[side], secs, FRAME_SECS, `${side} went to ${secs}`);
    near(shown.ref, map.at(shown.new), FRAME_SECS, `reference beside new at ${shown.new}`);
  }
  assert.deepEqual(problems, []);
  await context.close();
});

test('arrow keys step by one frame of the leading side', async () => {
  const { page, context } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample, '&t=10');
  const before = await shownFrames(page);
  await page.keyboard.press('ArrowRight');
  const one = await shownFrames(page);
  near(one.new - before.new, 1 / 30, 0.001, 'one step on');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  const back = await shownFrames(page);
  near(back.new - before.new, -1 / 30, 0.001, 'two steps back');
  await page.keyboard.press('s');
  await page.keyboard.press('ArrowRight');
  const led = await shownFrames(page);
  near(led.ref - back.ref, 1 / 30, 0.001, 'one step of the reference');
  await context.close();
});

test('a click on a control leaves the keys to the players', async () => {
  const { page, context } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample, '&t=10');
  const before = await shownFrames(page);
  await page.locator('.segments label', { hasText: 'Wipe' }).click();
  await page.keyboard.press('ArrowRight');
  near((await shownFrames(page)).new - before.new, 1 / 30, 0.001, 'a step after choosing a view');
  assert.ok(await page.locator('.stage-wipe').isVisible());
  const { rows } = await (await fetch(`${server.url}/api/runs/${sample}/markers`)).json();
  await page.locator('.panel tbody tr').nth(2).click();
  const at = await shownFrames(page);
  await page.keyboard.press('ArrowLeft');
  near((await shownFrames(page)).new - at.new, -1 / 30, 0.001, 'a step after choosing a marker');
  await page.keyboard.press('ArrowDown');
  near((await shownFrames(page)).new, Number(rows[3].t_new), FRAME_SECS, 'the next marker');
  await context.close();
});

test('a place without counterpart says so, and leads back', async () => {
  const { page, context } = await openPage(browser, server.url);
  await openCompare(page, server.url, lap);
  await scrub(page, 'new', 3);
  assert.match(await page.locator('.at-screen-ref').innerText(), /No counterpart here/);
  await page.getByRole('button', { name: /common stretch/ }).click();
  await settled(page);
  assert.equal(await page.getByText('No counterpart here').count(), 0);
  await context.close();
});

test('chapters play as one recording', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  const id = await runId(server.url, 'chapters');
  const map = await fetchMap(server.url, id);
  const { items } = await (await fetch(`${server.url}/api/runs`)).json();
  const info = await (await fetch(`${server.url}/api/media/${items.find((item) => item.id === id).new.media}/info`)).json();
  assert.equal(info.chapters.length, 2);
  const second = info.chapters[1].start;
  await openCompare(page, server.url, id);
  for (const secs of [second + 3, second - 2, second + 0.001]) {
    await scrub(page, 'new', secs);
    const shown = await shownFrames(page);
    near(shown.new + (secs > second ? second : 0), secs, FRAME_SECS, `frame at ${secs}`);
    near(shown.ref, map.at(secs), 2 * FRAME_SECS, `reference at ${secs}`);
  }
  await scrub(page, 'new', second - 0.5);
  await page.keyboard.press(' ');
  await page.waitForFunction(() => window.shownFrame('new') > 0.3 && window.shownFrame('new') < 2, null, { timeout: 5000 });
  await page.keyboard.press(' ');
  const shown = await shownFrames(page);
  near(shown.ref, map.at(shown.new + second), FRAME_SECS, 'locked behind the boundary');
  assert.deepEqual(problems, []);
  await context.close();
});

test('sound that begins before the pictures does not shift them', async () => {
  const { page, context } = await openPage(browser, server.url);
  await openCompare(page, server.url, await runId(server.url, 'sound-first'));
  await scrub(page, 'new', 8);
  near((await shownFrames(page)).new, 8.25, 0.01, 'the file says');
  assert.equal(await page.locator('.at-head-new output').innerText(), '0:08.000');
  await context.close();
});

test('lock by time keeps the offset, and the address brings everything back', async () => {
  const { page, context } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample, '&t=12');
  const before = await shownFrames(page);
  await page.keyboard.press('t');
  await scrub(page, 'new', 16);
  const moved = await shownFrames(page);
  near(moved.ref - moved.new, before.ref - before.new, FRAME_SECS, 'offset');
  await page.keyboard.press('t');
  await page.getByLabel('Search markers').fill('gap');
  await page.getByLabel('Show', { exact: true }).selectOption('ok');
  await page.locator('.segments label', { hasText: 'Wipe' }).click();
  await page.waitForURL((url) => url.searchParams.get('view') === 'wipe' && url.searchParams.get('q') === 'gap');
  await page.reload();
  await settled(page);
  near((await shownFrames(page)).new, 16, FRAME_SECS, 'time of the address');
  assert.equal(await page.getByLabel('Search markers').inputValue(), 'gap');
  assert.equal(await page.getByLabel('Show', { exact: true }).inputValue(), 'ok');
  assert.ok(await page.locator('.stage-wipe').isVisible());
  assert.equal(await page.locator('.panel tbody tr').count(), 2);
  await context.close();
});

test('pinned frames refit the curve at once; undo takes them back', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  const before = await fetchMap(server.url, sample);
  await openCompare(page, server.url, sample, '&t=9');
  for (let i = 0; i < 4; i += 1) await page.keyboard.press(']');
  const pinned = await shownFrames(page);
  near(pinned.ref - before.at(pinned.new), 4 / 30, FRAME_SECS, 'four frames of shift');
  await page.keyboard.press('p');
  await page.locator('.anchor-list li').waitFor();
  const after = await fetchMap(server.url, sample);
  near(after.at(pinned.new), pinned.ref, 0.005, 'the curve at the anchor');
  // The players follow the new curve without any shift.
  await page.getByText('Shift A').waitFor();
  assert.match(await page.locator('.nudge-value').innerText(), /^0\.000 s$/);
  const shown = await shownFrames(page);
  near(shown.ref, pinned.ref, FRAME_SECS, 'the reference stays where it was pinned');
  await page.keyboard.press('u');
  await page.getByText('No anchors').waitFor();
  near((await fetchMap(server.url, sample)).at(pinned.new), before.at(pinned.new), 0.001, 'the curve after undo');
  assert.deepEqual(problems, []);
  await context.close();
});

test('annotations survive a reload', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample);
  await page.locator('.panel tbody tr').nth(1).click();
  await page.getByRole('button', { name: 'Confirm', exact: true }).click();
  await page.locator('.panel tbody tr').nth(1).getByText('confirmed').waitFor();
  await page.getByLabel('Note', { exact: true }).fill('<b>braked</b> & "late"');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).waitFor({ state: 'detached' });
  await page.reload();
  await settled(page);
  const row = page.locator('.panel tbody tr').nth(1);
  assert.match(await row.innerText(), /confirmed/);
  assert.ok((await row.innerText()).includes('<b>braked</b> & "late"'), 'the note is text, not markup');
  assert.deepEqual(problems, []);
  await context.close();
});

test('a note being typed waits: for another marker, a reload, another tab', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample);
  const row = (n) => page.locator('.panel tbody tr').nth(n);
  const note = page.getByLabel('Note', { exact: true });
  await row(0).click();
  await note.fill('half a sent');
  await row(2).click();
  assert.equal(await note.inputValue(), '', 'another marker has its own note');
  await row(0).click();
  assert.equal(await note.inputValue(), 'half a sent');
  // Agreeing with the map while typing takes nothing away, and saving the text does not disagree again.
  await page.getByRole('button', { name: 'Confirm', exact: true }).click();
  await row(0).getByText('confirmed').waitFor();
  assert.equal(await note.inputValue(), 'half a sent');
  await page.reload();
  await settled(page);
  await row(0).click();
  assert.equal(await note.inputValue(), 'half a sent', 'after a reload');
  const second = await context.newPage();
  await second.goto(page.url());
  await second.locator('.panel tbody tr').nth(0).click();
  assert.equal(await second.getByLabel('Note', { exact: true }).inputValue(), 'half a sent', 'in a second tab');
  await second.close();
  await note.fill('half a sentence');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).waitFor({ state: 'detached' });
  assert.match(await row(0).innerText(), /confirmed[^]*half a sentence|half a sentence[^]*confirmed/);
  await page.reload();
  await settled(page);
  await row(0).click();
  assert.equal(await page.getByText('Not saved yet').count(), 0);
  assert.deepEqual(problems, []);
  await context.close();
});

test('what is typed during a save stays, keys wait for it, and text as stored is no draft', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample);
  const row = page.locator('.panel tbody tr').nth(2);
  const note = page.getByLabel('Note', { exact: true });
  const save = page.getByRole('button', { name: 'Save', exact: true });
  await row.click();
  await settled(page);
  await note.fill('half a sent');
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let puts = 0;
  await page.route('**/api/annotations*', async (route) => {
    if (route.request().method() === 'PUT') {
      puts += 1;
      await held;
    }
    await route.continue();
  });
  const sent = page.waitForRequest((request) => request.method() === 'PUT');
  await save.click();
  await sent;
  await note.fill('half a sentence');
  await note.blur();
  for (const key of ['u', 'm', 'c', 'p']) await page.keyboard.press(key);
  release();
  await row.getByText('half a sent', { exact: true }).waitFor();
  assert.equal(await note.inputValue(), 'half a sentence');
  assert.equal(puts, 1, 'no key began another change');
  assert.equal(await page.getByText('Anchors 0').count(), 1);
  await page.reload();
  await settled(page);
  await row.click();
  assert.equal(await note.inputValue(), 'half a sentence', 'after a reload');
  await note.fill('half a sent');
  await save.waitFor({ state: 'detached' });
  await page.waitForFunction(() => [localStorage, sessionStorage].every((kind) => Object.keys(kind).every((key) => !key.startsWith('mtbsync-draft:'))));
  await page.keyboard.press('Escape');
  await note.blur();
  await page.keyboard.press('u');
  await page.getByText('Undone: Note on').waitFor();
  assert.equal(await note.inputValue(), '', 'nothing typed is left to come back');
  assert.deepEqual(problems, []);
  await context.close();
});

test('undo takes the last thing back, also after a reload, and the table follows', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample);
  const row = page.locator('.panel tbody tr').nth(5);
  const stored = async () => (await (await fetch(`${server.url}/api/runs/${sample}/markers`)).json()).rows[5].t_new;
  const before = await stored();
  await row.click();
  await settled(page);
  for (let i = 0; i < 6; i += 1) await page.keyboard.press('ArrowRight');
  await settled(page);
  await page.keyboard.press('m');
  await row.getByText('moved').waitFor();
  near(Number(await stored()) - Number(before), 0.2, FRAME_SECS, 'the table has the moved place at once');
  await page.getByLabel('Note', { exact: true }).fill('later');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).waitFor({ state: 'detached' });
  await page.reload();
  await settled(page);
  const undo = page.getByRole('button', { name: /^Undo/ });
  assert.match(await undo.getAttribute('aria-label'), /Note on/);
  await page.keyboard.press('u');
  await page.getByText('Undone: Note on').waitFor();
  assert.match(await row.innerText(), /moved/, 'only the note went');
  await page.keyboard.press('u');
  await page.getByText('Undone: Move').waitFor();
  assert.equal(await stored(), before, 'the predicted place is back in the table');
  assert.deepEqual(problems, []);
  await context.close();
});

test('an anchor that the pictures contradict is asked about; one that cannot hold beside it replaces it', async () => {
  const { page, context, problems } = await openPage(browser, server.url);
  const before = await fetchMap(server.url, sample);
  await openCompare(page, server.url, sample, '&t=13');
  for (let i = 0; i < 30; i += 1) await page.keyboard.press(']');
  await settled(page);
  await page.keyboard.press('p');
  const dialog = page.locator('dialog[open]');
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /1\.0 s away/);
  await dialog.getByRole('button', { name: 'Do not pin' }).click();
  await page.getByText('No anchors').waitFor();
  near((await fetchMap(server.url, sample)).at(13), before.at(13), 0.001, 'nothing was stored');
  await page.keyboard.press('p');
  await dialog.getByRole('button', { name: 'Pin anyway' }).click();
  const pinned = page.locator('.anchor-list li');
  const first = await pinned.innerText();
  await page.keyboard.press('ArrowRight');
  await settled(page);
  await page.keyboard.press('p');
  await dialog.getByRole('button', { name: 'Pin anyway' }).click();
  await page.getByText('Pinned in place of the anchor at').waitFor();
  assert.equal(await pinned.count(), 1);
  const second = await pinned.innerText();
  // Half a second later in the new run, and earlier in the reference: no forward ride meets both.
  const bent = await shownFrames(page);
  for (let i = 0; i < 15; i += 1) await page.keyboard.press('ArrowRight');
  for (let i = 0; i < 30; i += 1) await page.keyboard.press('[');
  const apart = await shownFrames(page);
  assert.ok(apart.new - bent.new > 0.4 && bent.ref - apart.ref > 0.25, `${JSON.stringify(bent)} and ${JSON.stringify(apart)} cross`);
  await page.keyboard.press('p');
  await page.getByText(second.split('\n')[0]).waitFor({ state: 'detached' });
  assert.equal(await pinned.count(), 1);
  near((await fetchMap(server.url, sample)).at(apart.new), apart.ref, 0.005, 'the curve goes through the last');
  for (const before of [second, first]) {
    await page.keyboard.press('u');
    await page.getByText(before.split('\n')[0]).waitFor();
  }
  await page.keyboard.press('u');
  await page.getByText('No anchors').waitFor();
  near((await fetchMap(server.url, sample)).at(13), before.at(13), 0.001, 'the curve after undo');
  assert.deepEqual(problems, []);
  await context.close();
});

test('two tabs that change one marker: the second is asked, and nothing of the first is lost', async () => {
  const one = await openPage(browser, server.url);
  const two = await openPage(browser, server.url);
  await openCompare(one.page, server.url, sample);
  await openCompare(two.page, server.url, sample);
  const rowOf = (page, n) => page.locator('.panel tbody tr').nth(n);
  await rowOf(one.page, 3).click();
  await one.page.getByRole('button', { name: 'Confirm', exact: true }).click();
  await rowOf(one.page, 3).getByText('confirmed').waitFor();
  await rowOf(one.page, 4).click();
  await one.page.getByRole('button', { name: 'Confirm', exact: true }).click();
  await rowOf(one.page, 4).getByText('confirmed').waitFor();

  await rowOf(two.page, 3).click();
  await settled(two.page);
  for (let i = 0; i < 3; i += 1) await two.page.keyboard.press('ArrowRight');
  await settled(two.page);
  await two.page.keyboard.press('m');
  const dialog = two.page.locator('dialog[open]');
  await dialog.waitFor();
  assert.match(await dialog.innerText(), /Somebody else changed/);
  await dialog.getByRole('button', { name: /Save mine/ }).click();
  await rowOf(two.page, 3).getByText('moved').waitFor();
  await rowOf(two.page, 4).getByText('confirmed').waitFor();
  const expected = two.problems.filter((problem) => !/412/.test(problem));
  assert.deepEqual(expected, []);
  await one.context.close();
  await two.context.close();
});

test('an undo that meets a change of somebody else counts when it is stored, and not before', async () => {
  const one = await openPage(browser, server.url);
  const two = await openPage(browser, server.url);
  await openCompare(one.page, server.url, sample);
  const rowOf = (page, n) => page.locator('.panel tbody tr').nth(n);
  const undo = one.page.getByRole('button', { name: /undo/i });
  await rowOf(one.page, 0).click();
  await one.page.getByLabel('Note', { exact: true }).fill('first');
  await one.page.getByRole('button', { name: 'Save', exact: true }).click();
  await rowOf(one.page, 0).getByText('first').waitFor();
  await openCompare(two.page, server.url, sample);
  const write = async (text) => {
    await rowOf(two.page, 5).click();
    await two.page.getByLabel('Note', { exact: true }).fill(text);
    await two.page.getByRole('button', { name: 'Save', exact: true }).click();
    await rowOf(two.page, 5).getByText(text, { exact: true }).waitFor();
  };
  await write('theirs');
  const dialog = one.page.locator('dialog[open]');
  await one.page.keyboard.press('u');
  await dialog.getByRole('button', { name: /Keep what is stored/ }).click();
  await rowOf(one.page, 5).getByText('theirs', { exact: true }).waitFor();
  assert.match(await undo.getAttribute('aria-label'), /Undo: Note on/, 'not taken back, so still to be undone');
  await write('theirs again');
  await one.page.keyboard.press('u');
  await dialog.getByRole('button', { name: /Save mine/ }).click();
  await rowOf(one.page, 0).getByText('first').waitFor({ state: 'detached' });
  await rowOf(one.page, 5).getByText('theirs again').waitFor();
  assert.equal(await undo.getAttribute('aria-label'), 'Nothing to undo');
  assert.deepEqual([...one.problems, ...two.problems].filter((problem) => !/412/.test(problem)), []);
  await one.context.close();
  await two.context.close();
});

test('the comparison table leaves as CSV', async () => {
  const { page, context } = await openPage(browser, server.url);
  await openCompare(page, server.url, sample);
  await page.locator('.panel-head').getByRole('button', { name: 'Export' }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).first().click()]);
  const text = await readFile(await file.path(), 'utf8');
  assert.equal(file.suggestedFilename(), 'sample_comparison.csv');
  assert.match(text, /^marker_id,name,t_ref,t_new_predicted,/);
  assert.equal(text.trim().split('\n').length, 7);
  await context.close();
});

test('with the right to write, editor files are made and downloaded', async (t) => {
  const writer = await serve('compare-ui', ['--allow-write']);
  t.after(() => writer.stop());
  const { page, context, problems } = await openPage(browser, writer.url);
  await openCompare(page, writer.url, sample, '&t=12');
  await page.locator('.panel tbody tr').nth(1).click();
  await scrub(page, 'new', 12.5);
  await page.keyboard.press('m');
  await page.locator('.panel tbody tr').nth(1).getByText('moved').waitFor();
  await page.locator('.panel-head').getByRole('button', { name: 'Export' }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'DaVinci Resolve' }).click()]);
  assert.equal(file.suggestedFilename(), 'new_markers.edl');
  const list = await readFile(await file.path(), 'utf8');
  assert.match(list, /^TITLE:/);
  assert.match(list, /01:00:12:15/, 'the first export has the moved place');
  assert.deepEqual(problems, []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('u');
  await page.getByText('Undone: Move').waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});

test('a read-only session tries anchors out without storing them', async (t) => {
  const reader = await serve('compare-ui', ['--read-only']);
  t.after(() => reader.stop());
  const { page, context, problems } = await openPage(browser, reader.url);
  const stored = await fetchMap(reader.url, sample);
  await openCompare(page, reader.url, sample, '&t=9');
  for (let i = 0; i < 4; i += 1) await page.keyboard.press(']');
  await page.keyboard.press('p');
  await page.getByText('trial: this session may not save').waitFor();
  await page.locator('.anchor-list li').waitFor();
  // What contradicts the pictures is asked about once, not again with every other anchor.
  const dialog = page.locator('dialog[open]');
  await scrub(page, 'new', 14);
  for (let i = 0; i < 30; i += 1) await page.keyboard.press(']');
  await settled(page);
  await page.keyboard.press('p');
  await dialog.getByRole('button', { name: 'Pin anyway' }).click();
  await page.locator('.anchor-list li').nth(1).waitFor();
  await scrub(page, 'new', 5);
  await page.keyboard.press('p');
  await page.locator('.anchor-list li').nth(2).waitFor();
  assert.equal(await dialog.count(), 0);
  const after = await fetchMap(reader.url, sample);
  assert.equal(after.at(9), stored.at(9), 'nothing was stored');
  await page.locator('.segments label', { hasText: 'Markers' }).click();
  await page.locator('.panel tbody tr').first().click();
  assert.equal(await page.getByRole('button', { name: 'Move to playhead' }).count(), 0);
  assert.deepEqual(problems, []);
  await context.close();
});
