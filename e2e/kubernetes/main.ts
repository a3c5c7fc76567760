/** `npm run test:kubernetes`: jobs in real pods, on a cluster of one's own or on that of KUBECONFIG. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { clusterWords, findClusterTool, withoutCluster } from './cluster.js';
import { install } from './install.js';
import type { KubernetesCase } from './kubernetes-case.js';
import { prepare } from './prepare.js';
import { type Prepared, runCases } from './run-cases.js';
import { readSuiteArguments, type SuiteArguments, suiteHelp } from './suite-arguments.js';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** Three, so that each nats-server has one, and two are left when one is lost. */
const nodes = 3;
const gpus = 2;

async function main(words: readonly string[]): Promise<number> {
  const given = readSuiteArguments(words);
  if (given === null) {
    say(suiteHelp);
    return 0;
  }
  if (given.inside !== null) return onCluster(given, readPrepared(given.inside));
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
    if (tool === null || isGiven) return await onCluster(given, await preparing);
    say('builds the images');
    const building = run(process.execPath, [inProject('tools/images.mjs')]);
    const [prepared, built] = await Promise.all([preparing, building]);
    if (built !== 0) return built;
    writeFileSync(join(folder, preparedFile), JSON.stringify(prepared));
    say('starts a cluster');
    const again = [process.execPath, fileURLToPath(import.meta.url), '--inside', folder, ...words];
    const kueue = given.cases.some(({ needs = [] }) => needs.includes('kueue'));
    return await run(tool, clusterWords({ nodes, gpus, kueue, images: archives() }, again));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the shortest on. */
const lengthsOf = (cases: readonly KubernetesCase[]): number[] =>
  [...new Set(cases.flatMap(({ compares }) => compares))].sort((a, b) => a - b);

const inProject = (path: string): string => fileURLToPath(new URL(path, projectRoot));

const preparedFile = 'prepared.json';

const readPrepared = (folder: string): Prepared =>
  JSON.parse(readFileSync(join(folder, preparedFile), 'utf8')) as Prepared;

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

async function onCluster({ cases, keep }: SuiteArguments, prepared: Prepared): Promise<number> {
  const begin = performance.now();
  await install(prepared.folder);
  say(`installed in ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  const outcomes = await runCases(cases, prepared, keep);
  const count = (kind: string): number => outcomes.filter((found) => found.kind === kind).length;
  const seconds = Math.round((performance.now() - begin) / 1000);
  const summary = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  say(JSON.stringify({ kind: 'suite', ...summary, seconds }));
  return summary.failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
