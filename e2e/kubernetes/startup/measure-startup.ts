/** One launch, from what the cluster and the coordinator say of it. */
import assert from 'node:assert/strict';
import { longSteps } from '../job.js';
import type { LaunchedJob, Scene } from '../scene.js';
import { type Phase, phasesOf } from './phases.js';
import { PodWatch } from './pod-watch.js';
import { processStart } from './process-start.js';

export async function measureStartup(scene: Scene, name: string): Promise<Phase[]> {
  const watch = await PodWatch.open(scene.namespace);
  try {
    const asked = Date.now();
    const job = await scene.launch(name, longSteps);
    const accepted = Date.now();
    await job.reachesStep(1);
    const coordinator: string = (await job.runningPod('coordinator')).metadata.name;
    const said = await coordinatorLines(job, coordinator);
    const timeOf = (...kinds: readonly string[]): number =>
      Date.parse(lineOf(said, kinds).time ?? '');
    const members: string[] = lineOf(said, ['started']).members ?? [];
    const pods = [coordinator, ...members];
    const times = pods.map((pod) => watch.timesOf(pod));
    const starts = await Promise.all(pods.map((pod) => processStart(job, pod)));
    await job.kubectl('delete', 'tj', name);
    return phasesOf({
      asked,
      accepted,
      created: Math.max(...times.map((of) => of?.created ?? Number.NaN)),
      scheduled: Math.max(...times.map((of) => of?.scheduled ?? Number.NaN)),
      running: Math.max(...starts),
      // Before it has workers, a leader says that it waits for them.
      leading: timeOf('waiting', 'started'),
      joined: timeOf('started'),
      committed: timeOf('committed'),
    });
  } finally {
    await watch.close();
  }
}

interface Line {
  readonly kind?: string;
  readonly time?: string;
  readonly members?: string[];
}

async function coordinatorLines(job: LaunchedJob, pod: string): Promise<Line[]> {
  const lines = (await job.kubectl('logs', pod)).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
}

/** The first of one of these kinds. */
function lineOf(said: readonly Line[], kinds: readonly string[]): Line {
  const found = said.find(({ kind }) => kind !== undefined && kinds.includes(kind));
  assert.ok(found !== undefined, `the coordinator has not said ${kinds.join(' or ')}`);
  return found;
}
