/** `lockstep train` around the fake processes: OUTPUT WORKERS STEPS. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDisplay } from '../../cli/output/display.js';
import { watchRun } from '../../cli/train/watch-run.js';
import { checkHistory, RunHistory } from '../../process/run-history.js';
import { fakeDigest, fakeEntries, fakeJob, fakeRun } from './fake-job.js';

const [output = '', workers = '', steps = ''] = process.argv.slice(2);
mkdirSync(output, { recursive: true });
const jobFile = join(output, 'job.json');
writeFileSync(jobFile, JSON.stringify(fakeJob(Number(steps))));
checkHistory(output);
const run = fakeRun();
const jobDigest = fakeDigest(Number(steps));
process.exitCode = await watchRun({
  display: openDisplay({
    json: true,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    now: () => performance.now(),
  }),
  history: RunHistory.open({
    folder: output,
    resume: true,
    owner: { run: run.run, job: run.job, job_sha256: jobDigest },
    time: new Date().toISOString(),
    onTrouble: (text) => process.stderr.write(`${text}\n`),
  }),
  metricsTable: () => '',
  next: () => ({ resumes: true, command: 'the same with --resume' }),
  run: {
    jobFile,
    run,
    jobDigest,
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
