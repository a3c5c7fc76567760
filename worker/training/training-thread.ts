/**
 * The training thread. It owns native compute, so it may be deaf for as long as a phase of a step
 * takes: nothing that must be punctual runs in it.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Activity } from '../engine/activity.js';
import { Cancellation } from '../engine/cancellation.js';
import type { FromTraining, ToTraining, TrainingStart, TrainingThreadData } from './messages.js';
import { Training } from './run-training.js';

const port = parentPort as MessagePort;
const tell = (message: FromTraining): void => port.postMessage(message);
const { cancelled, activity } = workerData as TrainingThreadData;

let training: Training | null = null;

port.on('message', (message: TrainingStart | ToTraining) => {
  if (training !== null) return training.receive(message as ToTraining);
  training = new Training({
    start: message as TrainingStart,
    tell,
    cancellation: new Cancellation(cancelled),
    activity: new Activity(activity),
  });
  void run(training);
});

async function run(training: Training): Promise<void> {
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
}
