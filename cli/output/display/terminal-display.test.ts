import assert from 'node:assert/strict';
import { test } from 'node:test';
import { committed, started } from '../live/live-fixture.js';
import { FakeTerminal } from '../live/terminal-fixture.js';
import { openDisplay } from './open-display.js';
import { TerminalDisplay } from './terminal-display.js';

function onTerminal(environment: NodeJS.ProcessEnv = { NO_COLOR: '1' }, columns = 60, rows = 20) {
  const terminal = new FakeTerminal(columns, rows);
  const written: string[] = [];
  const stream = Object.assign(terminal, {
    write: (text: string) => {
      written.push(text);
      return FakeTerminal.prototype.write.call(terminal, text);
    },
  }) as unknown as NodeJS.WriteStream;
  let now = 0;
  const display = openDisplay({
    ...{ json: false, environment, stdout: stream, stderr: stream },
    folder: '/elsewhere',
    now: () => now,
  });
  assert.ok(display instanceof TerminalDisplay);
  return {
    display,
    terminal,
    written,
    wait(milliseconds: number): void {
      now += milliseconds;
    },
  };
}

// Would catch a sentence that is written over, or a view that is left behind by each of them.
test('what happens once stays above the view', () => {
  const { display, terminal, wait } = onTerminal();
  display.note('worker-0: pid 7');
  display.event(started(['a', 'b'], 1000));
  wait(1000);
  display.event(committed(0, 4));
  display.event({ kind: 'notice', text: 'something happened' });
  const lines = terminal.text.split('\n');
  assert.deepEqual(lines.slice(0, 3), [
    'worker-0: pid 7',
    'training steps 1 to 1000 on 2 workers',
    'something happened',
  ]);
  assert.match(lines[3] ?? '', /^-+ step {4}1\/1000/);
  assert.equal(lines.filter((line) => line.includes('step ')).length, 1);
});

// Would catch a terminal that is written to a thousand times a second, and a last step that is never shown.
test('many steps are drawn at a bounded rate, and the last one before the end', () => {
  const { display, terminal, wait, written } = onTerminal();
  display.event(started(['a'], 1000));
  for (let step = 0; step < 1000; step++) {
    wait(1);
    display.event(committed(step, 4));
  }
  assert.ok(written.length <= 12, String(written.length));
  display.result({}, 'the result');
  assert.match(terminal.text, / step 1000\/1000 .*\n(.*\n)+the result$/);
});

// Would catch a step that stays undrawn where nothing follows it for long.
test('what was passed over is drawn when the view is refreshed', () => {
  const { display, terminal, wait } = onTerminal();
  display.event(started(['a'], 1000));
  wait(1);
  display.event(committed(0, 4));
  assert.ok(!terminal.text.includes(' 1/1000'));
  display.refresh();
  assert.ok(terminal.text.includes(' 1/1000'));
});

// Would catch an error or a shell's prompt that is glued to the last line of the view.
test('a failure, and an error of somebody else, begin below the view', () => {
  for (const end of ['failure', 'leave'] as const) {
    const { display, terminal } = onTerminal();
    display.event(started(['a'], 1000));
    if (end === 'failure') display.failure('lockstep: it failed');
    else {
      display.leave();
      terminal.write('lockstep: it failed\n');
    }
    assert.match(terminal.text, /\nlockstep: it failed$/);
    const before = terminal.text;
    display.refresh();
    display.redraw();
    assert.equal(terminal.text, before);
  }
});

// Would catch a view of which nothing is left in a terminal that has not been given a size.
test('a terminal of width 0 shows the progress', () => {
  const { display, terminal, written } = onTerminal({ NO_COLOR: '1' }, 200, 20);
  Object.assign(terminal, { columns: 0 });
  display.event(started(['a'], 1000));
  assert.match(written.join(''), / step {4}0\/1000/);
});

// Would catch colours in a terminal whose user asked for none.
test('colours and Unicode are there where they are wanted and can be shown', () => {
  const shown = (environment: NodeJS.ProcessEnv): string => {
    const { display, written } = onTerminal(environment);
    display.event(started(['a'], 10));
    return written.join('');
  };
  assert.ok(shown({ LANG: 'C.UTF-8' }).includes('\u001b[36m░'));
  const plain = shown({ NO_COLOR: '1', LANG: 'C' });
  assert.ok(plain.includes('-----') && !plain.includes('\u001b[3'));
  assert.ok(!shown({ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }).includes('░'));
});
