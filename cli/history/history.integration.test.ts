import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { historyFileOf } from '../../process/history/run-history.js';
import {
  committedLineOf,
  historyLineOf,
  startedLineOf,
  textOf,
} from '../../shared/history/line-points-fixture.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-history-pipe-'));
after(() => rmSync(folder, { recursive: true }));

// Would catch a command that waits for room in a pipe that nobody reads: Node ends it by 13, with a warning.
test('whoever has read enough ends the table, and that is no failure', () => {
  const steps = Array.from({ length: 5000 }, (_, step) => committedLineOf(step + 1));
  writeFileSync(historyFileOf(folder), textOf([historyLineOf(), startedLineOf(0), ...steps]));
  const command = `"$1" "$2" history "$3" --format csv | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const program = fileURLToPath(new URL('../main.js', import.meta.url));
  const { stderr, stdout } = spawnSync(
    'bash',
    ['-c', command, 'bash', process.execPath, program, folder],
    { encoding: 'utf8' },
  );
  assert.equal(stderr, '');
  assert.match(stdout, /^committed_steps,.*\n0\n$/);
});
