/**
 * End-to-end tests of the web app: `npm run e2e -- ../target/debug/mtbsync`. Makes runs of the repository's two pairs with the real
 * program in a temporary folder, then runs every `*.test.mjs` here on its own copy of them, against servers it starts on free ports.
 * Screenshots go to out/screenshots in the repository.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const data = resolve(here, '../../data');

const [binary, ...only] = process.argv.slice(2);
if (!binary) {
  console.error('usage: npm run e2e -- PATH_TO_MTBSYNC [test name ...]');
  process.exit(2);
}
const program = resolve(binary);
const root = mkdtempSync(join(tmpdir(), 'mtbsync-e2e-'));
const runs = join(root, 'runs');

/** Exit code 3 is a refused alignment, which none of these is. */
function sync(name, args) {
  const done = spawnSync(program, ['sync', ...args, '--out', join(runs, name), '--no-cache', '--progress', 'none'], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`sync of ${name} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
}

/** The sample run again, with its new recording put into other files by ffmpeg without touching a picture: the map stays right. */
function repack(name, file, args) {
  const folder = join(runs, name);
  mkdirSync(folder);
  const done = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args, join(folder, file.pattern ?? file.name)], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ffmpeg for ${name} ended with ${done.status}:\n${done.stderr}`);
  cpSync(join(runs, 'sample', 'new_markers.csv'), join(folder, 'new_markers.csv'));
  const timewarp = JSON.parse(readFileSync(join(runs, 'sample', 'timewarp.json'), 'utf8'));
  timewarp.new.path = join(folder, file.name);
  writeFileSync(join(folder, 'timewarp.json'), JSON.stringify(timewarp));
}

/** Measures how well two playing videos keep together, so nothing else may run. */
const ALONE = 'lock.test.mjs';
const AT_ONCE = 2;

/** A copy of the runs for tests that change them. Recordings that lie in a run are named by where they are now. */
function copyRuns(to) {
  cpSync(runs, to, { recursive: true, preserveTimestamps: true });
  for (const name of readdirSync(to)) {
    const file = join(to, name, 'timewarp.json');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(runs, to));
  }
  // The newest run is the one that pages open by themselves. Dates have milliseconds only, times of files more.
  const newest = new Date(Date.now() + 1000);
  utimesSync(join(to, 'sample', 'timewarp.json'), newest, newest);
}

/** Runs one file of tests on its own copy of the runs; what it said comes in one piece. */
function testFile(name) {
  const own = join(root, `${name}.d`);
  copyRuns(own);
  const env = { ...process.env, MTBSYNC_BIN: program, MTBSYNC_E2E_ROOT: own };
  return new Promise((done) => {
    const child = spawn(process.execPath, ['--test', '--test-reporter=spec', join(here, name)], { env });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    child.on('close', (code) => {
      process.stdout.write(`${name}\n${Buffer.concat(said)}\n`);
      done(code === 0);
    });
  });
}

/** The exit code. */
async function tests() {
  const files = readdirSync(here)
    .filter((name) => name.endsWith('.test.mjs'))
    .filter((name) => only.length === 0 || only.some((part) => name.includes(part)))
    .sort();
  const waiting = files.filter((name) => name !== ALONE);
  const passed = [];
  const lane = async () => {
    while (waiting.length > 0) passed.push(await testFile(waiting.shift()));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  if (files.includes(ALONE)) passed.push(await testFile(ALONE));
  return passed.every(Boolean) ? 0 : 1;
}

try {
  const sample = join(data, 'sample');
  const lap = join(data, 'race-lap');
  sync('sample', ['--reference', join(sample, 'reference.mp4'), '--new', join(sample, 'new.mp4'), '--ref-markers', join(sample, 'reference_markers.csv')]);
  sync('race-lap', ['--reference', join(lap, 'pass1.mp4'), '--new', join(lap, 'pass2.mp4')]);
  const ride = join(sample, 'new.mp4');
  const segments = ['-f', 'segment', '-segment_times', '10', '-reset_timestamps', '1', '-segment_start_number', '1'];
  repack('chapters', { name: 'GX010001.MP4', pattern: 'GX0%d0001.MP4' }, ['-i', ride, '-c', 'copy', ...segments]);
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=300:duration=21.5', '-map', '0:v', '-map', '1:a', '-c:v', 'copy', '-c:a', 'aac'];
  repack('sound-first', { name: 'new.mp4' }, ['-itsoffset', '0.25', '-i', ride, ...tone]);
  process.exitCode = await tests();
} finally {
  rmSync(root, { recursive: true, force: true });
}
