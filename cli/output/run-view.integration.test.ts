import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-view-full-'));
after(() => rmSync(folder, { recursive: true }));

/** A finished run whose folder is on a disk that is full from the given bytes of a file on. */
const program = `
import { spawnSync } from 'node:child_process';
const [view, runHistory, folder, bytes] = process.argv.slice(1);
const { RunView } = await import(view);
const { RunHistory } = await import(runHistory);
const time = '2026-01-02T03:04:05.678Z';
const history = RunHistory.open({
  folder, time, resume: false, owner: { run: 't', job: 'j', job_sha256: 'd' }, onTrouble: () => {},
});
const said = [];
const display = {
  event() {}, note() {},
  result: (line) => said.push(line),
  failure: (text, line) => said.push(line),
};
const next = () => ({ resumes: true, command: 'go on' });
const run = new RunView({ display, history, ledger: null, next, metricsTable: () => '', time: () => time });
spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes + ':']);
const result = {
  committedSteps: 7, finalLoss: 1.5, weightsSha256: 'ab', liveNegatives: null, stopped: false,
  endedEarly: false, stage: null, best: null, checkpoint: '/c', metrics: [],
};
const code = run.end({ kind: 'finished', result });
spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:']);
console.log(JSON.stringify({ code, said }));
`;

function endOn(bytes: string): { code: number; said: Record<string, unknown>[] } {
  const module = (name: string): string => new URL(name, import.meta.url).href;
  const modules = [module('./run-view.js'), module('../../process/history/run-history.js')];
  const words = ['--input-type=module', '-e', program, ...modules, folder, bytes];
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout);
}

// Would catch a run that calls itself done while its history or its result is cut off by a full disk.
test('a run that cannot keep what it leaves ends as a full disk, and as done where it can', () => {
  // Room for nothing; for the history's last line and not for the longer result.
  for (const bytes of ['0', '450']) {
    const { code, said } = endOn(bytes);
    assert.equal(code, 3, bytes);
    const [line] = said;
    assert.deepEqual([line?.kind, line?.code, line?.resume], ['failed', 'DISK_FULL', 'go on']);
    assert.match(String(line?.message), /after 7 committed steps \(checkpoint: \/c\): make room/);
  }
  const { code, said } = endOn('unlimited');
  assert.deepEqual([code, said[0]?.kind], [0, 'finished']);
});
