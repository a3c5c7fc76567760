import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launcherOf, resumeCommand } from './resume-command.js';

const where = {
  launcher: '/home/me/lockstep/cli/lockstep.mjs',
  workingDirectory: '/home/me/lockstep',
};

// Would catch a command that cannot be pasted: unquoted blanks, a wrong path, --resume twice.
test('the command continues the run when it is pasted into a shell', () => {
  assert.equal(
    resumeCommand({ ...where, words: ['train', 'my job.yaml', '--set', "a='b'", '--resume'] }),
    String.raw`node cli/lockstep.mjs train 'my job.yaml' --set 'a='\''b'\''' --resume`,
  );
});

// Would catch a path into npx's cache, where nobody would look for the program.
test('a command that npx has started is started by npx again', () => {
  const launcher = launcherOf('/home/me/.npm/_npx/0123/node_modules/.bin/lockstep', 'exec');
  assert.equal(
    resumeCommand({ ...where, launcher, words: ['train', 'job.yaml'] }),
    'npx lockstep train job.yaml --resume',
  );
  assert.equal(launcherOf('/home/me/cli/lockstep.mjs', 'run-script'), '/home/me/cli/lockstep.mjs');
});

// Would catch `eval --resume`, which does not exist.
test('a command that is simply run again gets no --resume', () => {
  assert.equal(
    resumeCommand({ ...where, words: ['eval', 'runs/a'], again: true }),
    'node cli/lockstep.mjs eval runs/a',
  );
});
