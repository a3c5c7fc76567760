/** `lockstep train` around the fake processes: OUTPUT WORKERS STEPS [options]. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDisplay } from '../../../cli/output/display.js';
import { trainJob } from '../../../cli/train/train-job.js';
import { codeOf, exitCodeOf } from '../../../shared/exit-codes.js';
import { resolveJob } from '../../../shared/job-spec/job-spec.js';
import { fakeDataset } from './fake-dataset.js';
import { fakeEntries, fakeJob } from './fake-job.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    resume: { type: 'boolean' },
    nats: { type: 'string' },
    name: { type: 'string' },
    seed: { type: 'string' },
  },
});
const [output = '', workers = '', steps = ''] = positionals;
const dataset = join(dirname(output), 'dataset');
if (!existsSync(dataset)) await fakeDataset(dataset);
const { name = 'fake', seed = '1' } = values;
const job = fakeJob(Number(steps), {
  name,
  dataset,
  seed: Number(seed),
  workers: Number(workers),
});
try {
  process.exitCode = await trainJob({
    job: resolveJob(job),
    output,
    resume: values.resume === true ? 'required' : 'never',
    natsUrl: values.nats ?? null,
    metricsPort: null,
    display: openDisplay({
      json: true,
      stdout: process.stdout,
      stderr: process.stderr,
      environment: process.env,
      now: () => performance.now(),
    }),
    commandTo: () => 'the same with --resume',
    entries: fakeEntries,
  });
} catch (error) {
  process.stderr.write(`lockstep: ${(error as Error).message}\n`);
  process.exitCode = exitCodeOf(codeOf(error));
}
