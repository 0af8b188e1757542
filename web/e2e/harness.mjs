/** What the tests share: servers of the real program, a browser, and a look at the frames really shown. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chromium } from 'playwright-core';

export const ROOT = process.env.MTBSYNC_E2E_ROOT;
const BINARY = process.env.MTBSYNC_BIN;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts a server command on a free port; resolves when it has said its address. */
export async function serve(command, args = [], root = ROOT) {
  const child = spawn(BINARY, [command, '--root', root, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const found = /https?:\/\/[^\s/]+/.exec(text);
      if (found) resolve(found[0]);
    });
    child.on('exit', (code) => reject(new Error(`${command} ended with ${code} before it served: ${text}`)));
  });
  return {
    url,
    /** Ends the server as a terminal would; its exit code. */
    async stop() {
      if (child.exitCode !== null) return child.exitCode;
      child.removeAllListeners('exit');
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = await ended;
      return code;
    },
  };
}

export function launch() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/**
 * Runs in the page before its scripts: the time of the frame that a video shows now, NaN before the first. Asked of the picture itself: of two frames
 * shortly after one another, a busy page may never be told of the second.
 */
function offerFrames() {
  window.shownFrame = (side) => {
    const video = document.querySelector(`.at-screen-${side} video`);
    try {
      const frame = new VideoFrame(video);
      const secs = frame.timestamp / 1e6;
      frame.close();
      return secs;
    } catch {
      return Number.NaN;
    }
  };
}

/** A page that notes what must not happen: errors in the console, and requests to anywhere but the server. */
export async function openPage(browser, base, { width = 1440, height = 900, scheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, hasTouch: width < 500, acceptDownloads: true });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(`page error: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && problems.push(`console: ${message.text()} (${message.location().url})`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !/^(data|blob):/.test(url)) problems.push(`request to ${url}`);
  });
  await page.addInitScript(offerFrames);
  return { page, context, problems };
}

export async function runId(base, name) {
  const { items } = await (await fetch(`${base}/api/runs`)).json();
  const run = items.find((item) => item.name === name);
  if (!run) throw new Error(`no run ${name} among ${items.map((item) => item.name)}`);
  return run.id;
}

/** The time map as the server gives it now, new seconds to reference seconds. */
export async function fetchMap(base, id) {
  const warp = await (await fetch(`${base}/api/runs/${id}/warp?n=5000`)).json();
  return { warp, at: (t) => interpolate(warp.t_new, warp.t_ref, t) };
}

/** Linear between samples; null outside. */
export function interpolate(xs, ys, x) {
  const step = xs[1] - xs[0];
  const at = (x - xs[0]) / step;
  const i = Math.floor(at);
  const [a, b] = [ys[i], ys[i + 1]];
  if (a === null || b === null || a === undefined || b === undefined) return null;
  return a + (at - i) * (b - a);
}

/** Opens Compare on a run and waits until both pictures are there. */
export async function openCompare(page, base, id, query = '') {
  await page.goto(`${base}/compare?run=${id}${query}`);
  await settled(page);
}

/** The frame on the screen began no longer before the player's time: any frame of the samples is shorter. */
const SHOWN_WITHIN_SECS = 0.1;

/** Both videos loaded, no seek under way, and a frame shown for the last one. */
export async function settled(page) {
  await page.waitForFunction(() => {
    const videos = [...document.querySelectorAll('video')];
    return videos.length === 2 && videos.every((video) => video.readyState >= 2 && !video.seeking) && document.querySelectorAll('.screen-cover [role=status]').length === 0;
  });
  // The frame of a finished seek comes with the next repaint, or on a busy machine with one of those after.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
  const agrees = page.waitForFunction((reach) => {
    const isShown = (side) => {
      const video = document.querySelector(`.at-screen-${side} video`);
      return !video.paused || Math.abs(window.shownFrame(side) - video.currentTime) < reach;
    };
    return [...document.querySelectorAll('video')].every((video) => !video.seeking) && ['ref', 'new'].every(isShown);
  }, SHOWN_WITHIN_SECS);
  await agrees.catch(async (error) => {
    const states = await page.evaluate(() =>
      ['ref', 'new'].map((side) => {
        const video = document.querySelector(`.at-screen-${side} video`);
        return `${side} at ${video.currentTime} shows ${window.shownFrame(side)}${video.seeking ? ', seeking' : ''}`;
      }),
    );
    throw new Error(`the frames shown never were those sought: ${states.join('; ')}`, { cause: error });
  });
}

/** Times of the frames on the screen. */
export async function shownFrames(page) {
  await settled(page);
  return page.evaluate(() => ({ ref: window.shownFrame('ref'), new: window.shownFrame('new') }));
}

/** Moves a scrubber as a hand does: the value, then the event. */
export async function scrub(page, side, secs) {
  await page.locator(`.at-scrub-${side} input`).evaluate((input, value) => {
    input.value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, secs);
  await settled(page);
}
