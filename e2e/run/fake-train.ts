/** `lockstep train` around the fake processes: OUTPUT WORKERS STEPS. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDisplay } from '../../cli/output/display.js';
import { watchRun } from '../../cli/train/watch-run.js';
import { fakeDigest, fakeEntries, fakeJob, fakeRun } from './fake-job.js';

const [output = '', workers = '', steps = ''] = process.argv.slice(2);
mkdirSync(output, { recursive: true });
const jobFile = join(output, 'job.json');
writeFileSync(jobFile, JSON.stringify(fakeJob(Number(steps))));
process.exitCode = await watchRun({
  display: openDisplay({
    json: true,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    now: () => performance.now(),
  }),
  metricsTable: () => '',
  resume: 'the same with --resume',
  run: {
    jobFile,
    run: fakeRun(),
    jobDigest: fakeDigest(Number(steps)),
    datasetDirectory: output,
    output,
    workers: Number(workers),
    natsUrl: null,
    metricsPort: null,
    resume: 'newest',
    evaluateOnly: false,
    entries: fakeEntries,
  },
});
