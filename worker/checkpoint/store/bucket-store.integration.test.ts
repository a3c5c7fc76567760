import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { millis } from '../../../shared/units.js';
import { parseLocation } from '../../../storage/location.js';
import { openBucket } from '../../../storage/s3/open-bucket.js';
import { noS3Server, startS3Server } from '../../../storage/s3/s3-server-fixture.js';
import { HostState } from '../../state/host-state.js';
import { startCheckpointWriter } from '../checkpoint-writer.js';
import { readCheckpoint } from '../read-checkpoint.js';
import { writeCheckpoint } from '../write-checkpoint.js';
import { checkpointStoreContract, type StoreUnderTest } from './checkpoint-store.contract.js';
import { checkpointPath, openCheckpointStore } from './open-checkpoint-store.js';
import { PublicationPermit, permittedUntil, readings } from './publication-permit.js';

const bucketName = 'lockstep-checkpoints';
const digests = { jobDigest: 'a'.repeat(64), datasetDigest: 'b'.repeat(64) };

async function truncate(path: string, file: string): Promise<void> {
  const place = parseLocation(path);
  assert.ok(place.kind === 'bucket');
  const bucket = await openBucket(place.bucket);
  const objects = await bucket.list(place.prefix);
  const { key } = objects.find((object) => object.key.endsWith(`/${file}`)) as { key: string };
  await bucket.put(key, Buffer.from((await bucket.text(key, 40)) ?? ''));
}

const underTest: StoreUnderTest = {
  fresh: async () => `s3://${bucketName}/${randomUUID()}/checkpoints`,
  everything: async (location) => {
    const place = parseLocation(location);
    assert.ok(place.kind === 'bucket');
    const objects = await (await openBucket(place.bucket)).list(place.prefix);
    return objects.map(({ key }) => key);
  },
  truncate,
};

describe('checkpoints in a bucket', { skip: noS3Server }, () => {
  const ends: (() => Promise<void>)[] = [];
  after(() => Promise.all(ends.map((end) => end())));
  before(async () => {
    const { environment, makeBucket } = await startS3Server({ after: (work) => ends.push(work) });
    Object.assign(process.env, environment);
    await makeBucket(bucketName);
  });

  checkpointStoreContract('bucket', () => underTest);

  const size = 2_200_000;
  const layout = {
    entries: [{ name: 'weight', shape: [size], offset: 0, size }],
    length: size,
    trainedLength: size,
  };

  // Catches: a thread that does not know the store, and one that publishes although it may not.
  test('the thread that writes checkpoints writes them there, in parts, while it may', async (context) => {
    const location = await underTest.fresh();
    const permit = new PublicationPermit();
    const writer = startCheckpointWriter(location, layout, permit.shared);
    context.after(() => writer.close());
    await writer.ready;
    const state = HostState.zeros(layout);
    state.secondMoments.fill(0.5);
    assert.equal(await writer.write({ committedSteps: 1, ...digests }, state), null);
    assert.deepEqual(await underTest.everything(location), []);
    permit.grant(permittedUntil(readings(), millis(60_000)));
    const path = checkpointPath(location, 1);
    assert.equal(await writer.write({ committedSteps: 1, ...digests }, state), path);
    const read = HostState.zeros(layout);
    await readCheckpoint(path, digests, read);
    assert.deepEqual(read.secondMoments, state.secondMoments);
  });

  // Catches: a sweep that removes what another member is writing at this moment.
  test('a sweep leaves what is young, and what it does not know', async () => {
    const location = await underTest.fresh();
    const store = openCheckpointStore(location);
    const draft = await store.begin(7);
    await draft.write('model.safetensors', [new Uint8Array(10)]);
    await store.writeText('a note', 'step-note', 'x');
    const left = await underTest.everything(location);
    await store.sweep();
    assert.deepEqual(await underTest.everything(location), left);
    await draft.discard();
  });

  // Catches: a prefix that is a part of another's name, as run-1 is of run-10.
  test('a store sees nothing of one whose prefix begins alike', async () => {
    const location = await underTest.fresh();
    const state = HostState.zeros({ ...layout, entries: [], length: 0, trainedLength: 0 });
    await writeCheckpoint(`${location}0`, { committedSteps: 3, ...digests }, state);
    assert.deepEqual(await openCheckpointStore(location).steps(), []);
    assert.deepEqual(await openCheckpointStore(`${location}0`).steps(), [3]);
  });
});
