/** What stands on a real terminal of 80 columns while a run trains, and in a pipe. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeTerminal } from '../../cli/output/live/terminal-fixture.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-terminal-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const train = fileURLToPath(new URL('./small-run/small-train.js', import.meta.url));
const lockstep = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

/** util-linux's: it gives a command a terminal. */
const noScript =
  spawnSync('script', ['--version']).status === 0 ? false : 'script is not installed';

interface OnTerminal {
  readonly screen: FakeTerminal;
  /** All that was written, as it came. */
  raw(): string;
  press(keys: string): void;
  /** Resolves when the screen is like this, or the command has ended. */
  shows(text: RegExp): Promise<void>;
  readonly end: Promise<number | null>;
}

/** The end of a chunk may be a part of a sequence. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal obeys controls.
const partOfSequence = /\u001b(?:\[[\d;?]*)?$/;

function onTerminal(words: readonly string[]): OnTerminal {
  const screen = new FakeTerminal(80, 24);
  const command = ['exec', process.execPath, ...words].map((word) => `'${word}'`).join(' ');
  const child: ChildProcess = spawn(
    'script',
    ['-qec', `stty cols 80 rows 24; ${command.replace("'exec'", 'exec')}`, '/dev/null'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '1', LC_ALL: 'C.UTF-8', TERM: 'xterm' },
    },
  );
  let raw = '';
  let rest = '';
  let look: () => void = () => undefined;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    raw += text;
    const whole = rest + text;
    rest = partOfSequence.exec(whole)?.[0] ?? '';
    screen.write(whole.slice(0, whole.length - rest.length));
    look();
  });
  const end = new Promise<number | null>((resolve) => child.once('close', resolve));
  const shows = (text: RegExp): Promise<void> => {
    const seen = new Promise<void>((resolve) => {
      look = () => text.test(screen.text) && resolve();
      look();
    });
    return Promise.race([seen, end.then(() => undefined)]);
  };
  return { screen, raw: () => raw, press: (keys) => child.stdin?.write(keys), shows, end };
}

// Would catch a view that wraps, leaves rows of older views behind, colours in spite of NO_COLOR, and a
// terminal that stays without a cursor or on the other screen after Ctrl-C or q.
test('a run shows itself at the bottom of a terminal, and top on the whole of one', {
  skip: noScript,
}, async () => {
  const output = join(folder, 'run');
  const run = onTerminal([train, output, '2', '100000', '--people']);
  await run.shows(/step +\d{2,}\/100000[\s\S]*waits/);
  const lines = run.screen.text.split('\n');
  const from = lines.findIndex((line) => /^█*░+ step/.test(line));
  assert.ok(from > 0, run.screen.text);
  assert.match(lines[from + 1] ?? '', /^loss \d+\.\d{4} [▁-█]+/);
  assert.match(lines[from + 2] ?? '', / 2 workers {2}generation 1$/);
  assert.match(lines[from + 3] ?? '', /^worker-\d {4}2 lanes .* waits +\d+%/);
  assert.match(lines[from + 4] ?? '', /^worker-\d {4}2 lanes .* waits +\d+%/);
  assert.match(lines[from + 5] ?? '', /^p plan .* waits$/);
  assert.equal(lines.length, from + 6, run.screen.text);
  const everything = [...run.screen.scrolled, run.screen.text].join('\n');
  assert.equal(everything.match(/^loss /gm)?.length, 1, everything);

  const top = onTerminal([lockstep, 'top', output]);
  await top.shows(/step +\d{2,}\/100000[\s\S]*q leaves this view; the run goes on/);
  assert.ok(top.screen.isOther && !top.screen.showsCursor);
  assert.ok(top.screen.text.startsWith(output));
  top.press('q');
  assert.equal(await top.end, exitCodes.success);
  assert.ok(!top.screen.isOther && top.screen.showsCursor);
  assert.equal(top.screen.text, '');

  run.press('\u0003');
  assert.equal(await run.end, exitCodes.stopped);
  assert.ok(run.screen.showsCursor);
  assert.match(run.screen.text, /\nStopped\.\nTo resume:\n/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  assert.doesNotMatch(run.raw(), /\u001b\[\d+m/);
});

// Would catch sequences of a terminal in a log, and a log without a word.
test('in a pipe a run is plain lines', () => {
  const words = [train, join(folder, 'piped'), '2', '12', '--people'];
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.equal(status, exitCodes.success, stdout);
  assert.ok(!stdout.includes('\u001b') && !stdout.includes('\r'));
  assert.match(stdout, /^training steps 1 to 12 on 2 workers$/m);
  assert.match(stdout, /^step +1\/12 {2}loss \d/m);
  assert.match(stdout, /^step 12\/12 {2}loss \d/m);
});
