/** The training thread, whose last step's plan does not come while a file exists. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Activity } from '../../../worker/engine/activity.js';
import { Cancellation } from '../../../worker/engine/cancellation.js';
import type {
  FromTraining,
  ToTraining,
  TrainingThreadStart,
} from '../../../worker/training/messages.js';
import { Training } from '../../../worker/training/run-training.js';
import { holdFile } from './small-run.js';

const port = parentPort as MessagePort;
const { cancelled, activity, ...start } = workerData as TrainingThreadStart;
const training = new Training({
  start,
  tell: (message: FromTraining) => port.postMessage(message),
  cancellation: new Cancellation(cancelled),
  activity: new Activity(activity),
});

const file = holdFile(dirname(start.checkpointDirectory));
const held: ToTraining[] = [];
const looking = setInterval(() => {
  if (existsSync(file)) return;
  clearInterval(looking);
  for (const message of held) training.receive(message);
}, 20);
looking.unref();

port.on('message', (message: ToTraining) => {
  const isLast = message.kind === 'plan' && message.plan.step === start.totalSteps - 1;
  if (isLast && existsSync(file)) held.push(message);
  else training.receive(message);
});

await training.run();
port.close();
