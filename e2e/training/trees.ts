/** For tests: a dataset of twelve items, and trainings on it whose every end can be compared. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { writeInput } from '../../dataset/import/import-fixture.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { type MembersOptions, only, trainMembers } from './train-members.js';

const names = ['ash', 'elm', 'fir', 'oak', 'yew', 'box', 'bay', 'fig', 'nut', 'sea', 'ivy', 'hop'];

export const treeDecoder = { hiddenSize: 8, layers: 2, heads: 2, intermediateSize: 12 };

/** The dataset is there while the tests of the file run. */
export class Trees {
  readonly folder: string;
  readonly datasetDirectory: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'lockstep-trees-'));
    this.datasetDirectory = join(this.folder, 'out');
    before(() => importTrees(this.folder));
    after(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  job(name: string, spec: object): TrainingJob {
    return resolveJob({
      apiVersion: 'lockstep.dev/v1alpha1',
      kind: 'TrainingJob',
      metadata: { name },
      spec: {
        data: { path: this.datasetDirectory },
        batch: { sequences: 8 },
        duration: { steps: 6 },
        lanes: 4,
        checkpoint: { everySteps: 3 },
        evaluation: { cutoffs: [1] },
        ...spec,
      },
    });
  }

  /** @param name of the checkpoints' folder. */
  train(name: string, job: TrainingJob, options: Partial<MembersOptions> = {}) {
    const { datasetDirectory, folder } = this;
    const checkpointDirectory = join(folder, name);
    return trainMembers({ job, datasetDirectory, checkpointDirectory, members: 1, ...options });
  }

  checkpoint(name: string, steps: number): string {
    return join(this.folder, name, `step-${`${steps}`.padStart(8, '0')}`);
  }
}

async function importTrees(folder: string): Promise<void> {
  const items = names.map((name, item) => `${item},${name}`).join('\n');
  // Users of 5 to 8 items, so that lanes have histories of several lengths.
  const rows = Array.from({ length: 20 }, (_, user) =>
    Array.from({ length: 5 + (user % 4) }, (_, at) => {
      const item = (user * 5 + at * (1 + (user % 3))) % names.length;
      return `${item},u${user},${user * 10 + at}`;
    }),
  ).flat();
  const interactions = `item_id,user_id,timestamp\n${rows.join('\n')}\n`;
  await importDataset(writeInput(folder, `item_id,title\n${items}\n`, interactions));
}

/** Of the weights that every member ended with. */
export const weightsOf = (said: readonly FromTraining[][]): string =>
  only(said[0] as FromTraining[], 'finished').weightsSha256;
