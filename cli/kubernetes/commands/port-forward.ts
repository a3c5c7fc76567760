/** `lockstep port-forward NAME`: a port of this machine that leads to a training job's coordinator. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { PortForward } from '@kubernetes/client-node';
import { childNames, dashboardPort, metricsPorts, operatorTokenKey } from '../../../k8s/names.js';
import { exitCodes } from '../../../shared/exit-codes.js';
import { integer } from '../../arguments.js';
import { portForwardHelp } from '../../kubernetes-help.js';
import { oneName } from '../../one-name.js';
import { sayJson } from '../../output/json-line.js';
import { UsageError } from '../../usage-error.js';
import { clusterCommand } from '../cluster/cluster-words.js';
import { findJob } from '../cluster/find-job.js';
import { byAge, isRunning, podsOf } from '../cluster/job-pods.js';
import { type Cluster, onCluster } from '../cluster/open-cluster.js';

const highestPort = 65_535;

export const portForwardCommand = clusterCommand({
  name: 'port-forward',
  help: portForwardHelp,
  more: ['port', 'dashboard'],
  async run({ positionals, values, where }) {
    const name = oneName('port-forward', "a job's NAME", positionals);
    const wanted = integer('--port', values.port, 1, highestPort) ?? 0;
    return onCluster(where, async (cluster) => {
      await findJob(cluster, name);
      await coordinatorPod(cluster, name);
      const tell = (text: string): void => void process.stderr.write(`${text}\n`);
      const isDashboard = values.dashboard === true;
      const to = isDashboard ? dashboardPort : metricsPorts.coordinator;
      const server = createServer((socket) => void forward(cluster, name, to, { socket, tell }));
      server.listen(wanted, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const url = `http://127.0.0.1:${port}/${isDashboard ? '' : 'metrics'}`;
      if (where.json) sayJson('forwarding', { job: name, port, url });
      else process.stdout.write(`${url} leads to the coordinator of ${name}; Ctrl-C ends it\n`);
      if (isDashboard) tell(`operators' token: ${tokenCommand(cluster.namespace, name)}`);
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      server.close();
      return exitCodes.success;
    });
  },
});

/** Prints what operators sign in with, for who may read the job's Secret. */
const tokenCommand = (namespace: string, job: string): string =>
  `kubectl -n ${namespace} get secret ${childNames(job).secret} ` +
  `-o 'jsonpath={.data.${operatorTokenKey.replaceAll('.', '\\.')}}' | base64 -d`;

/** Looked for anew by each connection: a coordinator may have been replaced. */
async function forward(
  cluster: Cluster,
  job: string,
  port: number,
  { socket, tell }: { readonly socket: Socket; readonly tell: (text: string) => void },
): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const pod = await coordinatorPod(cluster, job);
    const through = new PortForward(cluster.config);
    const { namespace } = cluster;
    await through.portForward(namespace, pod, [port], socket, null, socket);
  } catch (error) {
    tell(`lockstep: ${(error as Error).message}`);
    socket.destroy();
  }
}

/** @throws UsageError where none runs */
async function coordinatorPod(cluster: Cluster, job: string): Promise<string> {
  const running = (await podsOf(cluster, job, 'coordinator')).filter(isRunning).sort(byAge);
  const [first] = running;
  if (first !== undefined) return first.metadata.name;
  throw new UsageError(`Cannot reach the coordinator of "${job}": none of its pods runs now`);
}
