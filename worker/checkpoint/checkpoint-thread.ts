/** The thread that writes checkpoints: an identity comes in, the path of a checkpoint goes out. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { codeOf } from '../../shared/exit-codes.js';
import { millis } from '../../shared/units.js';
import { HostState } from '../state/host-state.js';
import type { CheckpointThreadStart, FromCheckpointThread } from './checkpoint-writer.js';
import { FencedError, mayPublishBy } from './store/publication-permit.js';
import { type CheckpointIdentity, writeCheckpoint } from './write-checkpoint.js';

const { location, layout, vectors, publication } = workerData as CheckpointThreadStart;
const port = parentPort as MessagePort;
const say = (message: FromCheckpointThread): void => port.postMessage(message);
const state = new HostState(layout, vectors);
/**
 * Nobody confirms a generation while a leader is succeeded, which takes some seconds: a checkpoint that is
 * due meanwhile waits, because nobody would write it instead. Another machine's coordinator takes longer.
 */
const permitPatience = millis(60_000);
const mayPublish = mayPublishBy(publication);

port.on('message', (identity: CheckpointIdentity) => {
  writeCheckpoint(location, identity, state, mayPublish, permitPatience).then(
    (path) => say({ kind: 'written', path }),
    (error: Error) => say(error instanceof FencedError ? { kind: 'fenced' } : failureOf(error)),
  );
});

const failureOf = (error: Error): FromCheckpointThread => ({
  kind: 'failed',
  code: codeOf(error),
  message: error.message,
  stack: error.stack ?? '',
});

// Pages of new memory are made when they are touched, which takes ten times as long as a copy.
for (const vector of Object.values(vectors)) vector.fill(0);
say({ kind: 'ready' });
