/**
 * The training thread. It owns native compute, so it may be deaf for as long as a phase of a step
 * takes: nothing that must be punctual runs in it.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Activity } from '../engine/activity.js';
import { Cancellation } from '../engine/cancellation.js';
import type { FromTraining, ToTraining, TrainingThreadStart } from './messages.js';
import { Training } from './run-training.js';

const port = parentPort as MessagePort;
const tell = (message: FromTraining): void => port.postMessage(message);
const { cancelled, activity, ...start } = workerData as TrainingThreadStart;
const training = new Training({
  start,
  tell,
  cancellation: new Cancellation(cancelled),
  activity: new Activity(activity),
});

port.on('message', (message: ToTraining) => training.receive(message));

try {
  await training.run();
} catch (error) {
  const { code, message, stack } = error as Error & { code?: unknown };
  tell({
    kind: 'failed',
    code: typeof code === 'string' ? code : 'TRAINING_FAILED',
    message,
    stack: stack ?? '',
    committedSteps: training.committedSteps,
  });
}
// The port would keep the thread alive.
port.close();
