import { exitCodeHelp } from './exit-code-help.js';

const where = `  --namespace, -n NAME the namespace (default: that of the kubeconfig's context)
  --context NAME       of the kubeconfig (default: its current one)`;

export const submitHelp = `Puts a training job on a Kubernetes cluster where Lockstep is installed.

Usage: lockstep submit FILE [options]

FILE is a job as "lockstep train" takes it; on a cluster its paths are those of the pods. It is checked here
first, then by the cluster. Submitted again, it changes the job that is there.

Options:
  --set PATH=VALUE     set a field of the job, such as workers.replicas=4; repeatable
  --dry-run            let the cluster check the job, and keep nothing
  --watch, -w          show the training until it ends, as "lockstep train" does; Ctrl-C only stops watching
  --force              set fields that somebody else has set meanwhile
${where}
  --json               one JSON object a line; the last one is the result

Examples:
  lockstep submit job.yaml --watch
  lockstep submit job.yaml -n research --set workers.replicas=4 --dry-run

${exitCodeHelp}`;

export const listHelp = `Lists the training jobs of a Kubernetes cluster.

Usage: lockstep list [options]

Options:
  --all-namespaces, -A of every namespace
${where}
  --json               one JSON object a job

Examples:
  lockstep list
  lockstep list -A --json

${exitCodeHelp}`;

export const statusHelp = `Tells all that is known of a training job on a Kubernetes cluster.

Usage: lockstep status NAME [options]

Options:
  --watch, -w          show the training until it ends, as "lockstep train" does; Ctrl-C only stops watching
${where}
  --json               one JSON object; with --watch, the lines of the run

Examples:
  lockstep status books
  lockstep status books --watch -n research

${exitCodeHelp}`;

export const logsHelp = `Prints what the pods of a training job print, the newest lines of each.

Usage: lockstep logs NAME [options]

Options:
  --follow, -f         go on, with pods that come later, until the job ends
  --tail N             lines of each pod (default: 100)
  --coordinator        of the coordinator alone
  --worker I           of the worker with this index alone
${where}
  --json               one JSON object a line

Examples:
  lockstep logs books --follow
  lockstep logs books --worker 1 --tail 20

${exitCodeHelp}`;

export const suspendHelp = `Lets a training job finish its step, write a checkpoint and free its pods.

Usage: lockstep suspend NAME [options]

Options:
${where}
  --json               one JSON object as the result

Examples:
  lockstep suspend books

${exitCodeHelp}`;

export const resumeHelp = `Lets a suspended training job go on from where it was.

Usage: lockstep resume NAME [options]

Options:
${where}
  --json               one JSON object as the result

Examples:
  lockstep resume books

${exitCodeHelp}`;

export const deleteHelp = `Removes a training job with its pods, and waits until they are gone. Checkpoints in a claim of your own or
in a bucket stay.

Usage: lockstep delete NAME [options]

Options:
  --no-wait            only ask for it
${where}
  --json               one JSON object as the result

Examples:
  lockstep delete books
  lockstep delete books --no-wait -n research

${exitCodeHelp}`;

export const portForwardHelp = `Opens a port of this machine that leads to the metrics of a training job's coordinator.

Usage: lockstep port-forward NAME [options]

Options:
  --port P             the port (default: a free one)
  --dashboard          to its dashboard (default: to its metrics)
${where}
  --json               one JSON object that names the port

Examples:
  lockstep port-forward books --port 9400

${exitCodeHelp}`;
