import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { FakeTerminal } from '../output/live/terminal-fixture.js';
import { FullScreen } from './full-screen.js';

class FakeKeys extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  isRead = false;
  setRawMode(raw: boolean): void {
    this.isRaw = raw;
  }
  resume(): void {
    this.isRead = true;
  }
  pause(): void {
    this.isRead = false;
  }
}

function opened() {
  const terminal = new FakeTerminal(20, 4);
  const keys = new FakeKeys();
  let asked = 0;
  const screen = new FullScreen(terminal, keys, () => {
    asked++;
  });
  terminal.write('$ top\n');
  screen.open();
  return { terminal, keys, screen, asked: () => asked };
}

// Would catch a terminal that is left without a cursor, without echo, or with the view in the place of
// what stood there.
test('a closed view leaves the terminal as it was', () => {
  const { keys, screen, terminal } = opened();
  assert.ok(terminal.isOther && !terminal.showsCursor && keys.isRaw);
  screen.draw(['one', 'two', 'three', 'four']);
  assert.equal(terminal.text, 'one\ntwo\nthree\nfour');
  screen.draw(['1', '', '3', '4']);
  assert.equal(terminal.text, '1\n\n3\n4');
  screen.close();
  assert.ok(!terminal.isOther && terminal.showsCursor && !keys.isRaw && !keys.isRead);
  assert.equal(terminal.text, '$ top');
  // What comes late writes on the shell's screen no more.
  screen.draw(['late']);
  screen.close();
  assert.equal(terminal.text, '$ top');
});

// Would catch a process that ends by an error, or by `process.exit`, and leaves a hidden cursor.
test('the end of the process closes the view', () => {
  const { terminal } = opened();
  for (const listener of process.listeners('exit')) {
    if (terminal.isOther) (listener as (code: number) => void)(0);
  }
  assert.ok(terminal.showsCursor && !terminal.isOther);
});

// Would catch Ctrl-C that does nothing, since a raw terminal sends no signal for it.
test('q and Ctrl-C leave, and other keys do not', () => {
  const { asked, keys, screen } = opened();
  keys.emit('data', Buffer.from('x\u001b[A'));
  assert.equal(asked(), 0);
  for (const key of ['q', 'Q', '\u0003']) keys.emit('data', Buffer.from(key));
  assert.equal(asked(), 3);
  screen.close();
});
