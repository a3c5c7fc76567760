import { builtIn } from './cases/built-in.js';
import { commandLine } from './cases/command-line.js';
import { launch } from './cases/launch.js';
import { nodeCut, nodeDrained, nodeKilled } from './cases/lost-nodes.js';
import {
  controllerKilled,
  coordinatorDeleted,
  natsDeleted,
  workerDeleted,
} from './cases/lost-pods.js';
import { queued } from './cases/queued.js';
import { scaled, suspended } from './cases/resized.js';
import { startup } from './cases/startup.js';
import { told } from './cases/told.js';
import { gpusMissing } from './cases/unschedulable.js';
import type { KubernetesCase } from './kubernetes-case.js';

/** In their order: what takes something of the cluster away comes last. */
export const allCases: readonly KubernetesCase[] = [
  launch,
  startup,
  builtIn,
  commandLine,
  told,
  workerDeleted,
  coordinatorDeleted,
  controllerKilled,
  natsDeleted,
  scaled,
  suspended,
  gpusMissing,
  queued,
  nodeDrained,
  nodeCut,
  nodeKilled,
];
