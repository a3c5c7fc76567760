import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ownIdentity } from '../../process/ownership/process-identity.js';
import { ownerTag } from '../../shared/run/owner.js';
import { decodeSafetensors } from '../../shared/safetensors.js';
import { HostState } from '../state/host-state.js';
import type { StateLayout } from '../state/training-state.js';
import { CheckpointError } from './checkpoint-error.js';
import { partialName } from './checkpoint-folder.js';
import { newestCheckpoint } from './newest-checkpoint.js';
import { pruneCheckpoints } from './prune-checkpoints.js';
import { readCheckpoint } from './read-checkpoint.js';
import { verifyCheckpoint } from './verify-checkpoint.js';
import { weightsDigest } from './weights-digest.js';
import { writeCheckpoint } from './write-checkpoint.js';

const digestOf = (letter: string): string => letter.repeat(64);
const expected = { jobDigest: digestOf('a'), datasetDigest: digestOf('b') };

/** With gaps, a scalar, and names whose order is not that of the offsets. */
const layout: StateLayout = {
  entries: [
    { name: 'user_llm.model.norm.weight', shape: [5], offset: 0, size: 5 },
    { name: 'logit_scale', shape: [], offset: 16, size: 1 },
    { name: 'item_llm.model.embed_tokens.weight', shape: [3, 2], offset: 32, size: 6 },
  ],
  length: 48,
  trainedLength: 48,
};

function vector(scale: number): Float32Array {
  // Shared memory, as in training: the writer must not need an ArrayBuffer of its own.
  const flat = new Float32Array(new SharedArrayBuffer(layout.length * 4));
  for (const { offset, size } of layout.entries) {
    for (let index = 0; index < size; index++)
      flat[offset + index] = scale * (offset + index + 0.1);
  }
  return flat;
}

const stateAt = (committedSteps: number): HostState =>
  new HostState(layout, {
    parameters: vector(1 + committedSteps),
    firstMoments: vector(-2),
    secondMoments: vector(3e-20),
  });

const write = (directory: string, committedSteps: number, state = stateAt(committedSteps)) =>
  writeCheckpoint(directory, { committedSteps, ...expected }, state);

/** Into a state of `of`; what was read, with its vectors. */
async function read(path: string, of = layout) {
  const state = HostState.zeros(of);
  return { state, ...(await readCheckpoint(path, expected, state)) };
}

async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-checkpoint-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'checkpoints');
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof CheckpointError, String(error));
    assert.equal(error.message, `Cannot use the checkpoint ${error.path}: ${error.reason}`);
    return error.reason;
  }
  assert.fail('the checkpoint was accepted');
}

// Catches: moments under each other's names, gaps that are stored or not zeroed, a lost bit.
test('what is written is read back to the last bit', async (context) => {
  const directory = await temporaryFolder(context);
  const written = stateAt(120);
  const path = await write(directory, 120, written);
  assert.equal(path, join(directory, 'step-00000120'));
  assert.deepEqual((await readdir(path)).sort(), [
    'manifest.json',
    'model.safetensors',
    'optimizer.safetensors',
  ]);
  const { state, committedSteps, weightsSha256 } = await read(path);
  assert.equal(committedSteps, 120);
  for (const name of ['parameters', 'firstMoments', 'secondMoments'] as const) {
    assert.deepEqual([...state[name]], [...written[name]], name);
  }
  assert.equal(weightsSha256, await weightsDigest(written));
});

// Catches: a byte that moves, so that checkpoints of this program's first version are no longer read.
test('the files are to the byte those of the first version', async (context) => {
  const path = await write(await temporaryFolder(context), 1);
  const manifest = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
  assert.deepEqual(manifest, firstVersion);
});

/** The manifest of `write(directory, 1)` as the first version wrote it. */
const firstVersion = {
  formatVersion: 1,
  committedSteps: 1,
  ...expected,
  weightsSha256: 'cc6ae86c6a156ebc6654b97d9423007416602f564ffbb19ccf0108110d005965',
  files: {
    'model.safetensors': {
      bytes: 344,
      sha256: '718fe266103203aafca129b166300cc8d7b65bb78e9d1ec335d5a2114875a46f',
    },
    'optimizer.safetensors': {
      bytes: 712,
      sha256: '5f5fc96228e0ed170a379045b69218b26e00cc98b81efbaf5c9842e4a1b8e556',
    },
  },
};

// Catches: a model file that needs this program (and its offsets) to be understood.
test('the model file holds Hugging Face names and shapes and nothing else', async (context) => {
  const path = await write(await temporaryFolder(context), 1);
  const tensors = decodeSafetensors(await readFile(join(path, 'model.safetensors')));
  assert.deepEqual(
    [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]),
    layout.entries.map(({ name, shape }) => [name, 'F32', shape]),
  );
});

// Catches: a digest that depends on offsets, on gaps or on the order of the layout.
test('the digest of the weights is over names and values', async () => {
  const digestOfFlat = (flat: Float32Array, entries = layout.entries): Promise<string> =>
    weightsDigest(
      new HostState(
        { entries, length: flat.length, trainedLength: flat.length },
        { parameters: flat, firstMoments: flat, secondMoments: flat },
      ),
    );
  const flat = vector(1);
  const digest = await digestOfFlat(flat);
  assert.equal(await digestOfFlat(flat, [...layout.entries].reverse()), digest);
  const gap = flat.slice();
  gap[40] = 1;
  assert.equal(await digestOfFlat(gap), digest);
  const other = flat.slice();
  other[37] = Math.fround(other[37]! * (1 + 2 ** -23));
  assert.notEqual(await digestOfFlat(other), digest);
  // SHA-256 of the little-endian bytes of 1.5f and -2f, `a` first: computed by Python's hashlib.
  const two = [
    { name: 'b', shape: [1], offset: 0, size: 1 },
    { name: 'a', shape: [1], offset: 1, size: 1 },
  ];
  assert.equal(await digestOfFlat(Float32Array.of(-2, 1.5), two), abDigest);
});

const abDigest = '252b3318179cc24998f3670913d52d39085cf65b0dfa98fa523ffeab4b6683fe';

/** Every way in which a checkpoint is damaged, and what is said about it. */
const damages: readonly (readonly [
  name: string,
  damage: (path: string) => Promise<unknown>,
  reason: RegExp,
])[] = [
  [
    'a flipped bit in the model',
    (path) => flip(path, 'model.safetensors', -3),
    /^model.safetensors is damaged/,
  ],
  [
    'a flipped bit in the moments',
    (path) => flip(path, 'optimizer.safetensors', 400),
    /^optimizer.safetensors is damaged/,
  ],
  [
    'a truncated model',
    (path) => truncate(join(path, 'model.safetensors'), 99),
    /^model.safetensors has 99 bytes: the manifest says \d+/,
  ],
  [
    'a longer model',
    (path) => writeFile(join(path, 'model.safetensors'), 'x', { flag: 'a' }),
    /^model.safetensors has \d+ bytes/,
  ],
  [
    'a missing file',
    (path) => rm(join(path, 'optimizer.safetensors')),
    /^optimizer.safetensors is missing/,
  ],
  [
    'a folder in place of a file',
    (path) => replaceByFolder(path, 'model.safetensors'),
    /^model.safetensors is not a file/,
  ],
  ['a missing manifest', (path) => rm(join(path, 'manifest.json')), /^manifest.json is missing/],
  [
    'an empty manifest',
    (path) => truncate(join(path, 'manifest.json'), 0),
    /^manifest.json is not JSON/,
  ],
  [
    'half a manifest',
    (path) => truncate(join(path, 'manifest.json'), 200),
    /^manifest.json is not JSON/,
  ],
  [
    'a huge manifest',
    (path) => writeFile(join(path, 'manifest.json'), ' '.repeat(70_000)),
    /^manifest.json has 70000 bytes: at most/,
  ],
  [
    'another manifest',
    (path) => edit(path, { weightsSha256: 'no' }),
    /^manifest.json is no manifest: weightsSha256 is wrong/,
  ],
  [
    'a newer format',
    (path) => edit(path, { formatVersion: 2 }),
    /^it has format version 2: this program reads 1/,
  ],
  [
    'another step',
    (path) => edit(path, { committedSteps: 7 }),
    /^its manifest is of step 7: its name says 20/,
  ],
  [
    'another job',
    (path) => edit(path, { jobDigest: digestOf('c') }),
    /^it belongs to the job cccccccccccc\.\.\.: this job is aaaaaaaaaaaa/,
  ],
  [
    'another dataset',
    (path) => edit(path, { datasetDigest: digestOf('d') }),
    /^it belongs to the dataset dddddddddddd/,
  ],
];

for (const [name, damage, reason] of damages) {
  // Catches: resuming from damage, or losing the whole run to it.
  test(`${name} is refused by name, and the checkpoint before it is used`, async (context) => {
    const directory = await temporaryFolder(context);
    const older = await write(directory, 10);
    const newer = await write(directory, 20);
    await damage(newer);
    const { found, refused } = await newestCheckpoint(directory, expected);
    assert.deepEqual(found, { path: older, committedSteps: 10 });
    assert.equal(refused.length, 1);
    assert.equal(refused[0]?.path, newer);
    assert.match(refused[0]?.reason ?? '', reason);
    assert.match(await refusal(read(newer)), reason);
  });
}

// Catches: a model file and a manifest that were both replaced and agree with each other only.
test('weights that are not those of the manifest are refused', async (context) => {
  const directory = await temporaryFolder(context);
  const path = await write(directory, 20);
  await edit(path, { weightsSha256: digestOf('e') });
  const reason = await refusal(read(path));
  assert.match(reason, /^model.safetensors does not hold the weights of the manifest/);
});

// Catches: a checkpoint of another model loaded because the sum of its sizes happens to fit.
test('a checkpoint of another model is refused', async (context) => {
  const path = await write(await temporaryFolder(context), 1);
  const [first, second, third] = layout.entries as [
    (typeof layout.entries)[0],
    (typeof layout.entries)[0],
    (typeof layout.entries)[0],
  ];
  const renamed = { ...layout, entries: [first, second, { ...third, name: 'other' }] };
  assert.match(await refusal(read(path, renamed)), /tensor "other" is missing/);
  const reshaped = { ...layout, entries: [first, second, { ...third, shape: [2, 3] }] };
  assert.match(await refusal(read(path, reshaped)), /is F32 \[3,2\]: the model needs F32 \[2,3\]/);
  const smaller = { ...layout, entries: [first, second] };
  assert.match(await refusal(read(path, smaller)), /has 3 tensors, "item_llm.model.embed_tokens/);
});

/** The embedding is frozen: it lies behind what trains. */
const frozenEmbedding: StateLayout = { ...layout, trainedLength: 32 };

// Catches: moments of frozen parameters, which are two thirds of a checkpoint for nothing.
test('a checkpoint has every parameter and only the moments of what trains', async (context) => {
  const directory = await temporaryFolder(context);
  const state = HostState.zeros(frozenEmbedding);
  state.parameters.set(vector(2));
  for (const moments of [state.firstMoments, state.secondMoments]) {
    assert.equal(moments.length, 32);
    moments.set(vector(3).subarray(0, 32));
  }
  const path = await write(directory, 4, state);
  const tensors = decodeSafetensors(await readFile(join(path, 'optimizer.safetensors')));
  const trained = layout.entries.slice(0, 2).map(({ name }) => name);
  assert.deepEqual(
    [...tensors.keys()],
    ['first_moment.', 'second_moment.'].flatMap((prefix) => trained.map((name) => prefix + name)),
  );
  const { state: again } = await read(path, frozenEmbedding);
  assert.deepEqual(again, state);
  // Which parameters a vector begins with changes nothing in what the weights are.
  const whole = new HostState(layout, { ...stateAt(1), parameters: state.parameters });
  assert.equal(await weightsDigest(again), await weightsDigest(whole));
});

// Catches: a run that goes on with moments of zero for what was frozen before.
test('a checkpoint in which something else trains is refused by name', async (context) => {
  const directory = await temporaryFolder(context);
  const path = await write(directory, 4);
  assert.match(
    await refusal(read(path, frozenEmbedding)),
    /^optimizer.safetensors: .*"first_moment.item_llm.model.embed_tokens.weight" among them/,
  );
  const frozen = await write(directory, 5, HostState.zeros(frozenEmbedding));
  assert.match(
    await refusal(read(frozen)),
    /"first_moment.item_llm.model.embed_tokens.weight" is missing/,
  );
});

// Catches: a search that follows names as text, or trips over what else lies in the folder.
test('the newest is the one with most steps, whatever lies around it', async (context) => {
  const directory = await temporaryFolder(context);
  assert.deepEqual(await newestCheckpoint(directory, expected), { found: null, refused: [] });
  await write(directory, 99_999_999);
  const newest = await write(directory, 100_000_000);
  await mkdir(join(directory, '.step-00000200.123.partial'));
  await mkdir(join(directory, 'step-9'));
  await writeFile(join(directory, 'notes.txt'), 'x');
  const { found, refused } = await newestCheckpoint(directory, expected);
  assert.deepEqual(found, { path: newest, committedSteps: 100_000_000 });
  assert.deepEqual(refused, []);
});

// Catches: accepting any dataset where the caller knows its digest, or none where it does not.
test('the dataset is checked by whoever knows it', async (context) => {
  const path = await write(await temporaryFolder(context), 3);
  const manifest = await verifyCheckpoint(path, { ...expected, datasetDigest: null });
  assert.equal(manifest.committedSteps, 3);
  await refusal(verifyCheckpoint(path, { ...expected, datasetDigest: digestOf('0') }));
});

// Catches: a second writer of the same step failing because the folder is there, or merging into it.
test('a checkpoint of the same step is replaced as a whole', async (context) => {
  const directory = await temporaryFolder(context);
  const path = await write(directory, 5);
  await writeFile(join(path, 'stray'), 'x');
  await write(directory, 5, new HostState(layout, { ...stateAt(5), parameters: vector(9) }));
  assert.deepEqual(await readdir(directory), ['step-00000005']);
  assert.equal((await readdir(path)).length, 3);
  const { state } = await read(path);
  assert.deepEqual([...state.parameters], [...vector(9)]);
});

// Catches: a writer that fails, or writes elsewhere, because a stray file has the checkpoint's name.
test('a file under the name of a checkpoint is replaced', async (context) => {
  const directory = await temporaryFolder(context);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'step-00000005'), 'x');
  const path = await write(directory, 5);
  assert.deepEqual(await readdir(directory), ['step-00000005']);
  await verifyCheckpoint(path, expected);
});

// Catches: a failure to write that is swallowed, so that a run ends without its checkpoint.
test('a folder that cannot be written to is an error of the writer', async (context) => {
  const directory = await temporaryFolder(context);
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'file');
  await writeFile(file, 'x');
  await assert.rejects(write(join(file, 'checkpoints'), 6), {
    name: 'StorageError',
    message: /^Cannot write the checkpoint of step 6 to .*step-00000006.*: ENOTDIR/,
  });
  assert.deepEqual(await readdir(directory), ['file']);
});

// Catches: pruning the newest, or letting a damaged newer one push out the last good one.
test('pruning keeps the newest up to the last one written', async (context) => {
  const directory = await temporaryFolder(context);
  for (const steps of [10, 20, 30, 40]) await write(directory, steps);
  const removed = await pruneCheckpoints(directory, { keep: 1, upTo: 30, besides: [] });
  assert.deepEqual(removed, [10, 20]);
  assert.deepEqual(await readdir(directory), ['step-00000030', 'step-00000040']);
  assert.deepEqual(await pruneCheckpoints(directory, { keep: 5, upTo: 40, besides: [] }), []);
});

// Catches: a best checkpoint that goes when it is no longer among the newest, and one that is kept in
// the place of a newer one, so that a resume goes further back than the job asked for.
test('the best checkpoint stays beside the newest ones', async (context) => {
  const directory = await temporaryFolder(context);
  for (const steps of [10, 20, 30, 40, 50]) await write(directory, steps);
  const removed = await pruneCheckpoints(directory, { keep: 2, upTo: 50, besides: [20] });
  assert.deepEqual(removed, [10, 30]);
  assert.deepEqual(await pruneCheckpoints(directory, { keep: 2, upTo: 50, besides: [50] }), [20]);
});

// Catches: a checkpoint that is removed while another process writes it, one that a killed process
// left for ever, and a user's folder that goes because its name begins alike.
test('only leftovers of dead writers are removed', async (context) => {
  const directory = await temporaryFolder(context);
  // No process is older than the system, so this one has ended.
  const dead = ownerTag({ ...ownIdentity(), startTicks: '0' });
  const kept = [partialName(60, 'mine'), '.step-00000050.1.partial', '.step-mine', '.partial'];
  for (const name of [...kept, `.step-00000050.${dead}.1.partial`]) {
    await mkdir(join(directory, name), { recursive: true });
  }
  await pruneCheckpoints(directory, { keep: 1, upTo: 30, besides: [] });
  const left = ownIdentity().boot === null ? 5 : 4;
  assert.equal((await readdir(directory)).length, left);
  for (const name of kept) assert.ok((await readdir(directory)).includes(name), name);
});

async function flip(path: string, name: string, at: number): Promise<void> {
  const bytes = await readFile(join(path, name));
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = bytes[index]! ^ 0x10;
  await writeFile(join(path, name), bytes);
}

async function replaceByFolder(path: string, name: string): Promise<void> {
  await rm(join(path, name));
  await mkdir(join(path, name));
}

async function edit(path: string, change: Record<string, unknown>): Promise<void> {
  const file = join(path, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...manifest, ...change }));
}
