/**
 * To be run in a cluster without nodes: calls the command line as a user would and prints, as one JSON object,
 * what each call came to. Statuses that a controller would write are written here.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { definitionPath } from '../../../k8s/crd/definition-file.js';
import { projectRoot } from '../../../shared/project-root.js';
import { kubectl } from '../kubectl.js';
import type { Call } from './calls.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

function lockstep(...words: readonly string[]): Promise<Call> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...words], (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ words, code, stdout, stderr });
    });
    child.stdin?.end();
  });
}

const setStatus = (name: string, status: object): Promise<string> => {
  const words = ['patch', 'trainingjob', name, '--subresource=status', '--type=merge', '-p'];
  return kubectl([...words, JSON.stringify({ status })]);
};

const [file = '', wrong = '', unknown = ''] = process.argv.slice(2);
const calls: Record<string, Call> = {};

calls.withoutDefinition = await lockstep('list');
const definition = readFileSync(new URL(definitionPath, projectRoot), 'utf8');
await kubectl(['apply', '--server-side', '-f', '-'], definition);
await kubectl(['wait', '--for=condition=Established', 'crd/trainingjobs.lockstep.dev']);

calls.empty = await lockstep('list');
calls.tried = await lockstep('submit', file, '--dry-run');
calls.stillEmpty = await lockstep('list', '--json');
calls.wrong = await lockstep('submit', wrong);
// A field that only a newer version of Lockstep knows is refused by the version here.
calls.unknown = await lockstep('submit', unknown, '--dry-run');
calls.submitted = await lockstep('submit', file, '--set', 'workers.replicas=3');
calls.again = await lockstep('submit', file, '--set', 'workers.replicas=3');
await kubectl(['scale', 'trainingjob', 'command-line', '--replicas=2']);
calls.conflict = await lockstep('submit', file, '--set', 'workers.replicas=3');
calls.forced = await lockstep('submit', file, '--set', 'workers.replicas=3', '--force');
calls.immutable = await lockstep('submit', file, '--set', 'seed=7', '--force');

const workers = { desired: 3, ready: 3, training: 3, summary: '3/3' };
await setStatus('command-line', { state: 'Running', step: 5, totalSteps: 10, loss: 3.5, workers });
calls.list = await lockstep('list', '--all-namespaces');
calls.status = await lockstep('status', 'command-line');
calls.missing = await lockstep('status', 'comand-line');
calls.suspended = await lockstep('suspend', 'command-line', '--json');
calls.suspendedAgain = await lockstep('suspend', 'command-line', '--json');
calls.resumed = await lockstep('resume', 'command-line');
calls.noPods = await lockstep('logs', 'command-line');
calls.noCoordinator = await lockstep('port-forward', 'command-line');
calls.elsewhere = await lockstep('list', '--context', 'nowhere');

const time = new Date().toISOString();
const failed = {
  type: 'Failed',
  status: 'True',
  reason: 'TrainingFailed',
  lastTransitionTime: time,
};
const message = 'The coordinator ended with exit code 3: the loss is NaN (NON_FINITE)';
await setStatus('command-line', { state: 'Failed', conditions: [{ ...failed, message }] });
calls.watchedFailure = await lockstep('status', 'command-line', '--watch', '--json');
calls.tooLate = await lockstep('suspend', 'command-line');
calls.deleted = await lockstep('delete', 'command-line');
calls.deletedAgain = await lockstep('delete', 'command-line');

process.stdout.write(`${JSON.stringify(calls)}\n`);
