import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewraps } from './look.js';
import { Screen } from './screen.js';
import { FakeTerminal } from './terminal-fixture.js';

// Would catch a view of which old lines stay behind, or which eats what was said above it.
test('lines are redrawn in place, under what is said', () => {
  const terminal = new FakeTerminal(20, 6);
  const screen = new Screen(terminal);
  terminal.write('$ command\n');
  screen.draw(['one', 'two', 'three']);
  screen.draw(['1', '2'], 'said');
  assert.equal(terminal.text, '$ command\nsaid\n1\n2');
  screen.draw([]);
  assert.equal(terminal.text, '$ command\nsaid');
  screen.draw(['a']);
  screen.leave();
  terminal.write('$ ');
  assert.equal(terminal.text, '$ command\nsaid\na\n$');
});

// Would catch a view that walks down the screen when it reaches the last row.
test('at the bottom of the terminal what was said scrolls away', () => {
  const terminal = new FakeTerminal(20, 4);
  const screen = new Screen(terminal);
  for (let i = 0; i < 6; i++) screen.draw([`step ${i}`, 'loss'], `said ${i}`);
  assert.equal(terminal.text, 'said 4\nsaid 5\nstep 5\nloss');
  assert.deepEqual(terminal.scrolled, ['said 0', 'said 1', 'said 2', 'said 3']);
});

// Would catch half a line that stays where a terminal was made narrower and wrapped it.
test('lines that a narrower terminal has wrapped are erased as well', () => {
  const terminal = new FakeTerminal(10, 6);
  const screen = new Screen(terminal);
  terminal.write('above\n');
  // Twenty characters stand on two rows of ten.
  screen.draw(['x'.repeat(20), 'y']);
  screen.draw(['short']);
  assert.equal(terminal.text, 'above\nshort');
});

// Would catch a narrower xterm, which cuts lines off, and where each redraw erases as many rows of what happened before.
test('where a narrower terminal cuts lines off, what stands above stays', () => {
  const terminal = new FakeTerminal(20, 6);
  const screen = new Screen(terminal, false);
  terminal.write('before\nabove\n');
  screen.draw(['x'.repeat(20), 'y']);
  terminal.columns = 10;
  screen.draw(['short']);
  assert.equal(terminal.text, 'before\nabove\nshort');
});

test('terminals that cut lines off are known by what they set', () => {
  assert.equal(rewraps({ TERM: 'xterm-256color' }), true);
  assert.equal(rewraps({ TERM: 'screen-256color', TMUX: '/tmp/tmux-0/default,1,0' }), true);
  assert.equal(rewraps({ TERM: 'xterm-256color', XTERM_VERSION: 'XTerm(379)' }), false);
  assert.equal(rewraps({ TERM: 'screen.xterm-256color', STY: '1.pts-0.host' }), false);
  assert.equal(rewraps({ TERM: 'linux' }), false);
  assert.equal(rewraps({ TERM: 'st-256color' }), false);
  assert.equal(rewraps({ TERM: 'sterm' }), true);
});
