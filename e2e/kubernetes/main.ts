/** `npm run test:kubernetes`: jobs in real pods, on a cluster of one's own or on that of KUBECONFIG. */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { clusterWords, findClusterTool, withoutCluster } from './cluster.js';
import { install } from './install.js';
import type { KubernetesCase } from './kubernetes-case.js';
import { prepare } from './prepare.js';
import { type Prepared, runCases } from './run-cases.js';
import { readSuiteArguments, type SuiteArguments, suiteHelp } from './suite-arguments.js';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const gpus = 2;

async function main(words: readonly string[]): Promise<number> {
  const given = readSuiteArguments(words);
  if (given === null) {
    say(suiteHelp);
    return 0;
  }
  if (given.inside !== null) return onCluster(given, preparedIn(given.inside));
  const tool = findClusterTool();
  const isGiven = process.env.KUBECONFIG !== undefined;
  if (!isGiven && tool === null) {
    say(`skipped: ${withoutCluster}, and no KUBECONFIG`);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-kubernetes-'));
  try {
    say('prepares the dataset and the undisturbed runs');
    const preparing = prepare(folder, lengthsOf(given.cases));
    if (tool === null || isGiven) return await onCluster(given, preparing);
    say('builds the images');
    const telling = preparing.then(
      (prepared) => tell(folder, { prepared }),
      (error: Error) => tell(folder, { problem: error.message }),
    );
    const code = await buildAndRun(tool, given, folder, words);
    // Whoever still trains writes into the folder.
    await telling;
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The undisturbed runs go on meanwhile: nothing is compared before a case has run. */
async function buildAndRun(
  tool: string,
  { cases }: SuiteArguments,
  folder: string,
  words: readonly string[],
): Promise<number> {
  const built = await run(process.execPath, [inProject('tools/images.mjs')]);
  if (built !== 0) return built;
  say('starts a cluster');
  const again = [process.execPath, fileURLToPath(import.meta.url), '--inside', folder, ...words];
  // Each node unpacks the images for itself: whoever tries one case again waits for no more than it wants.
  const nodes = Math.max(...cases.map((one) => one.nodes ?? 1));
  const kueue = cases.some(({ needs = [] }) => needs.includes('kueue'));
  return run(tool, clusterWords({ nodes, gpus, kueue, images: archives() }, again));
}

/** From the shortest on. */
const lengthsOf = (cases: readonly KubernetesCase[]): number[] =>
  [...new Set(cases.flatMap(({ compares }) => compares))].sort((a, b) => a - b);

const inProject = (path: string): string => fileURLToPath(new URL(path, projectRoot));

/** What the part outside has come to. */
type Told = { readonly prepared: Prepared } | { readonly problem: string };

const toldFile = (folder: string): string => join(folder, 'told.json');
const lookInterval = 200;

/** Under another name first: whoever waits reads whole files only. */
function tell(folder: string, told: Told): void {
  const written = `${toldFile(folder)}.part`;
  writeFileSync(written, JSON.stringify(told));
  renameSync(written, toldFile(folder));
}

/** Waits for what is prepared outside meanwhile. @throws what kept it from being prepared */
async function preparedIn(folder: string): Promise<Prepared> {
  while (!existsSync(toldFile(folder))) await sleep(lookInterval);
  const told = JSON.parse(readFileSync(toldFile(folder), 'utf8')) as Told;
  if ('problem' in told) throw new Error(`Cannot run the suite: ${told.problem}`);
  return told.prepared;
}

function archives(): string[] {
  const folder = inProject('build/images');
  const names = readdirSync(folder).filter((name) => name.endsWith('.tar'));
  return names.map((name) => join(folder, name));
}

/** Its exit code. */
const run = (program: string, words: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, [...words], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });

async function onCluster(
  { cases, inside, keep }: SuiteArguments,
  preparing: Promise<Prepared>,
): Promise<number> {
  const begin = performance.now();
  // Its failure is told below.
  preparing.catch(() => undefined);
  await install(inside ?? (await preparing).folder);
  say(`installed in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  const outcomes = await runCases(cases, await preparing, keep);
  const count = (kind: string): number => outcomes.filter((found) => found.kind === kind).length;
  const seconds = Math.round((performance.now() - begin) / 1000);
  const summary = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  say(JSON.stringify({ kind: 'suite', ...summary, seconds }));
  return summary.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
