/** `lockstep audit` of a run that two workers trained, and of the same run tampered with. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';
import { encodeUsers, usersDigest } from '../../shared/ledger/lane-users.js';
import {
  decodeLedgerLine,
  encodeLedgerLine,
  type LedgerLine,
} from '../../shared/ledger/ledger-line.js';
import { projectRoot } from '../../shared/project-root.js';
import { startCommand } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-audit-'));
after(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]) => join(root, ...names);

const command = (...words: string[]) => startCommand(program, [...words, '--json']).end;
const audit = (...words: string[]) => command('audit', at('run'), ...words);

const kindsOf = ({ differences }: Readonly<Record<string, unknown>>) =>
  (differences as { kind: string }[]).map(({ kind }) => kind);

before(async () => {
  await smallDataset(at('data'));
  const job = smallJob(at('data'), {
    ...{ lanes: 2, workers: { replicas: 2 }, duration: { steps: 4 } },
    checkpoint: { everySteps: 2 },
  });
  writeFileSync(at('job.json'), JSON.stringify(job));
  const first = await command('train', at('job.json'), '--output', at('run'));
  assert.equal(first.code, exitCodes.success, first.errors);
  // As a run that was killed when it had recorded more steps than a checkpoint holds.
  rmSync(at('run', 'checkpoints', 'step-00000004'), { recursive: true });
  const again = await command('train', at('job.json'), '--output', at('run'), '--resume');
  assert.equal(again.code, exitCodes.success, again.errors);
});

/** Changes a file of the run or of the dataset while `body` looks at it. */
async function spoiled(
  names: readonly string[],
  change: (bytes: Buffer) => Buffer,
  body: () => Promise<void>,
): Promise<void> {
  const path = at(...names);
  const kept = readFileSync(path);
  writeFileSync(path, change(Buffer.from(kept)));
  try {
    await body();
  } finally {
    writeFileSync(path, kept);
  }
}

const ledger = ['run', 'ledger', 'ledger-00000.jsonl'];

const flipped = (bytes: Buffer, index: number): Buffer => {
  bytes[index] = (bytes[index] as number) ^ 1;
  return bytes;
};

// Would catch a resumed run whose second training of a step comes to other bits, and an audit that
// takes a step that was trained again for one too many.
test('a run that went over steps again passes, and the verdict says so', async () => {
  const { code, last, errors } = await audit();
  assert.equal(code, exitCodes.success, errors);
  assert.deepEqual(
    [last.verdict, last.steps, last.total_steps, last.resumed, last.trained_again],
    ['passed', 4, 4, 1, 2],
  );
  assert.ok(Number(last.compared_bytes) > 0);
  assert.deepEqual([last.plans, last.members, last.end], [4, ['worker-0', 'worker-1'], 'finished']);
});

// Would catch an audit that believes the ledger, the dataset or the checkpoint.
test('what was changed afterwards is found', async () => {
  await spoiled(ledger, withoutAUser, async () => {
    const { code, last } = await audit('--no-recompute');
    assert.equal(code, 1);
    assert.equal(last.verdict, 'failed');
    assert.ok(
      kindsOf(last).some((kind) => kind.startsWith('user-')),
      `${kindsOf(last)}`,
    );
    assert.equal(last.plans_recomputed, false);
  });
  await spoiled(
    ['data', 'sequence-items.i32'],
    (bytes) => flipped(bytes, 0),
    async () => {
      const { code, last } = await audit();
      assert.deepEqual([code, kindsOf(last)], [1, ['dataset']]);
    },
  );
  // Weights that whoever can write the folder has exchanged, with everything that vouches for them.
  await spoiled(ledger, withAnotherState, async () => {
    const { code, last } = await audit();
    assert.equal(code, 1);
    assert.deepEqual(kindsOf(last), ['trained-again', 'checkpoint']);
  });
  const checkpoint = ['run', 'checkpoints', 'step-00000004'];
  const [within] = readdirSync(at(...checkpoint)).filter((name) => name.startsWith('files-'));
  const model = [...checkpoint, ...(within === undefined ? [] : [within]), 'model.safetensors'];
  await spoiled(
    model,
    (bytes) => flipped(bytes, bytes.length - 1),
    async () => {
      const { code, last } = await audit();
      assert.deepEqual([code, kindsOf(last)[0]], [1, 'checkpoint']);
    },
  );
});

// Would catch a copy that was taken in the middle of a line being called forged.
test('a last line without its end is said and no difference', async () => {
  await spoiled(
    ledger,
    (bytes) => Buffer.concat([bytes, Buffer.from('{"kind":"st')]),
    async () => {
      const { code, errors } = await audit();
      assert.equal(code, exitCodes.success);
      assert.match(errors, /its end is missing/);
    },
  );
});

/** As the ledger of a coordinator that died before it heard of the last step. */
function withoutTheLastStep(bytes: Buffer): Buffer {
  const lines = bytes.toString().split('\n');
  return Buffer.from(lines.filter((line) => !line.includes('"step":3,')).join('\n'));
}

// Would catch a run without a leader, whose members have saved more than is written down, called forged;
// and the same of a run that is over, where nobody will write it any more, let through.
test('a checkpoint may be ahead of the ledger for as long as the run is not over', async () => {
  await spoiled(ledger, withoutTheLastStep, async () => {
    const over = await audit();
    assert.deepEqual(
      [over.code, kindsOf(over.last)],
      [1, ['checkpoint', 'result', 'result']],
      over.errors,
    );
    renameSync(at('run', 'result.json'), at('result.json'));
    try {
      const { code, last, errors } = await audit();
      assert.deepEqual([code, last.steps, kindsOf(last)], [0, 3, []], errors);
    } finally {
      renameSync(at('result.json'), at('run', 'result.json'));
    }
  });
});

test('a folder without a ledger is refused, and people get a table', async () => {
  cpSync(at('run'), at('copy'), { recursive: true });
  const text = execFileSync(process.execPath, [program, 'audit', at('copy')], { encoding: 'utf8' });
  assert.match(text, /: passed\n\nsteps +4 of 4, each once and in order\n/);
  rmSync(at('copy', 'ledger'), { recursive: true });
  const { code, errors } = await command('audit', at('copy'));
  assert.equal(code, exitCodes.usage);
  assert.match(errors, /has no ledger/);
});

/** The ledger, whose last step left another state than the checkpoint has. */
function withAnotherState(bytes: Buffer): Buffer {
  const lines = bytes.toString('utf8').trimEnd().split('\n').map(decodeLedgerLine);
  const last = lines.pop();
  if (last?.kind !== 'step') throw new Error('a ledger ends with a step');
  const stateHash = { ...last.record.stateHash, value: '0123456789abcdef' };
  const changed: LedgerLine[] = [...lines, { kind: 'step', record: { ...last.record, stateHash } }];
  return Buffer.from(changed.map(encodeLedgerLine).join(''));
}

/** The ledger, with one user of its first step in the place of another. */
function withoutAUser(bytes: Buffer): Buffer {
  const lines = bytes.toString('utf8').trimEnd().split('\n').map(decodeLedgerLine);
  const changed = lines.map((line): LedgerLine => {
    if (line.kind !== 'step' || line.record.step !== 0) return line;
    const users = Int32Array.of(0, 0, 0, 0);
    const lane = { owner: 0, users: encodeUsers(users), digest: usersDigest(users) };
    return { kind: 'step', record: { ...line.record, lanes: [lane, lane] } };
  });
  return Buffer.from(changed.map(encodeLedgerLine).join(''));
}
