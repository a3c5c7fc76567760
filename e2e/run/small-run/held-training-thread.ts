/** The training thread, whose last step's plan does not come while a file exists. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Activity } from '../../../worker/engine/activity.js';
import { Cancellation } from '../../../worker/engine/cancellation.js';
import type {
  FromTraining,
  ToTraining,
  TrainingStart,
  TrainingThreadData,
} from '../../../worker/training/messages.js';
import { Training } from '../../../worker/training/run-training.js';
import { holdFile } from './small-run.js';

const port = parentPort as MessagePort;
const { cancelled, activity } = workerData as TrainingThreadData;
let receive: ((message: ToTraining) => void) | null = null;

port.on('message', (message: TrainingStart | ToTraining) => {
  if (receive !== null) return receive(message as ToTraining);
  const start = message as TrainingStart;
  const training = new Training({
    start,
    tell: (said: FromTraining) => port.postMessage(said),
    cancellation: new Cancellation(cancelled),
    activity: new Activity(activity),
  });
  receive = holdLast(training, start);
  void training.run().finally(() => port.close());
});

function holdLast(training: Training, { checkpointDirectory, totalSteps }: TrainingStart) {
  const file = holdFile(dirname(checkpointDirectory));
  const held: ToTraining[] = [];
  const looking = setInterval(() => {
    if (existsSync(file)) return;
    clearInterval(looking);
    for (const message of held) training.receive(message);
  }, 20);
  looking.unref();
  return (message: ToTraining): void => {
    const isLast = message.kind === 'plan' && message.plan.step === totalSteps - 1;
    if (isLast && existsSync(file)) held.push(message);
    else training.receive(message);
  };
}
