/** `lockstep train` of the small job: OUTPUT WORKERS STEPS [options]. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openOwnDisplay } from '../../../cli/output/display/own-display.js';
import { trainJob } from '../../../cli/train/train-job.js';
import { codeOf, exitCodeOf } from '../../../shared/exit-codes.js';
import { resolveJob } from '../../../shared/job-spec/job-spec.js';
import { smallDataset } from './small-dataset.js';
import { heldEntries, longJob } from './small-run.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    resume: { type: 'boolean' },
    nats: { type: 'string' },
    name: { type: 'string' },
    seed: { type: 'string' },
    /** For people, as on a terminal or in a log. */
    people: { type: 'boolean' },
  },
});
const [output = '', workers = '', steps = ''] = positionals;
const dataset = join(dirname(output), 'dataset');
if (!existsSync(dataset)) await smallDataset(dataset);
const { name = 'small', seed = '1' } = values;
const job = longJob({
  name,
  dataset,
  seed: Number(seed),
  steps: Number(steps),
  workers: Number(workers),
});
try {
  process.exitCode = await trainJob({
    job: resolveJob(job),
    output,
    resume: values.resume === true ? 'required' : 'never',
    natsUrl: values.nats ?? null,
    metricsPort: null,
    dashboardPort: null,
    display: openOwnDisplay(values.people !== true),
    commandTo: () => 'the same with --resume',
    entries: heldEntries,
  });
} catch (error) {
  process.stderr.write(`lockstep: ${(error as Error).message}\n`);
  process.exitCode = exitCodeOf(codeOf(error));
}
