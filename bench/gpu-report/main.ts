/**
 * `run.sh` of the bundle for machines with a GPU (tools/gpu-bundle.mjs): builds the addons, runs the
 * tests of the torch engine, measures the step in turns with PyTorch, and leaves a report. A part
 * that fails does not stop the next. The report is written anew after every part, so that whoever
 * ends the run early has what was done.
 *
 * Exit codes: 0 all passed, 1 something failed, 2 wrong usage.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { describeMachine, findTorch, type TorchFacts } from './machine.js';
import type { PartResult } from './part.js';
import { planParts } from './plan-parts.js';
import { report } from './report.js';
import { parseReportOptions, type ReportOptions, reportUsage } from './report-options.js';
import { endRunning, runPart } from './run-part.js';

/** One compiler over libtorch's headers takes about this much at its peak. */
const bytesPerCompiler = 1.5 * 2 ** 30;

/** More threads do not help the host's share of a step. */
const mostThreads = 8;

/** Their tests are those of the torch engine, and of what computes beside it. */
const testFolders = ['e2e/golden', 'worker/engine/torch', 'worker/model', 'worker/arithmetic'];

async function main(options: ReportOptions): Promise<void> {
  const startedAt = performance.now();
  const secondsLeft = (): number => options.minutes * 60 - (performance.now() - startedAt) / 1000;
  const out = resolve(options.out);
  const logs = `${out}/logs`;
  mkdirSync(logs, { recursive: true });
  // Commands name their files as one would from the bundle's root.
  process.chdir(fileURLToPath(projectRoot));
  const python = process.env.PYTHON || 'python3';
  const found = await findTorch(python);
  const machine = await describeMachine(found);
  const title = titleOf(found.kind === 'found' ? found.torch : null);
  const results: PartResult[] = [];
  const write = (left: readonly string[]): void => {
    writeFileSync(`${out}/report.md`, report({ title, machine, results, left }));
    writeFileSync(`${out}/report.json`, JSON.stringify({ machine, results, left }, null, 2));
  };
  if (found.kind === 'missing') {
    write([`everything: ${python} has no usable torch: ${found.reason}`]);
    console.error(`Cannot run: ${python} has no usable torch: ${found.reason}`);
    process.exitCode = 1;
    return;
  }
  forBuilds(found.torch);
  const parts = planParts(
    {
      node: process.execPath,
      python,
      threads: Math.min(availableParallelism(), mostThreads),
      compilers: Math.max(
        1,
        Math.min(availableParallelism(), Math.floor(totalmem() / bytesPerCompiler)),
      ),
      torch: found.torch,
      tests: testFolders.flatMap((folder) => integrationTests(`dist/${folder}`)),
    },
    options,
  );
  const waiting = parts.map(({ name }) => name);
  for (const [index, part] of parts.entries()) {
    write(waiting.slice(index));
    const label = `${index + 1}`.padStart(2, '0');
    const result = await runPart(part, { logs, label, secondsLeft: secondsLeft() });
    results.push(result);
    const { ending, seconds } = result;
    const reason = ending.kind === 'passed' ? '' : `: ${ending.reason}`;
    console.log(`${label} ${part.name}: ${ending.kind}${reason} (${seconds.toFixed(1)} s)`);
  }
  write([]);
  console.log(`report: ${out}/report.md`);
  if (results.some(({ ending }) => ending.kind === 'failed')) process.exitCode = 1;
}

const titleOf = (torch: TorchFacts | null): string =>
  `Lockstep on ${torch?.gpu ?? 'a CPU'}, ${new Date().toISOString().slice(0, 10)}`;

/** Without it PyTorch's CMake files compile and run a program to ask the device. */
function forBuilds({ capability }: TorchFacts): void {
  if (capability !== null) process.env.TORCH_CUDA_ARCH_LIST ??= capability;
}

const integrationTests = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.integration.test.js'))
    .map((file) => `${folder}/${file}`)
    .sort();

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    endRunning();
    process.exit(code);
  });
}

let options: ReportOptions | null = null;
try {
  options = parseReportOptions(process.argv.slice(2));
} catch (error) {
  console.error(`Cannot run: ${(error as Error).message}\n${reportUsage}`);
  process.exitCode = 2;
}
if (options !== null) await main(options);
