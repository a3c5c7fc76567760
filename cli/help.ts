import { exitCodes } from '../shared/exit-codes.js';
import { exitCodeHelp } from './exit-code-help.js';

export const doctorHelp = `Tells what training needs of this machine, what of it is missing, and the command that helps.

Usage: lockstep doctor [options]

It starts no training and changes nothing.

Options:
  --engine NAME        that jobs on this machine name: torch (default), tensorflow, wasm or cpu; the
                       others may be absent
  --json               one JSON object a check; the last one is the result

Examples:
  lockstep doctor
  LOCKSTEP_NATS_URL=nats://one:4222 lockstep doctor    # whether that server can be used, too

Ends with ${exitCodes.success} where training can begin, with ${exitCodes.usage} where something that it needs is missing.`;

export const dashboardHelp = `Shows runs in a browser, those that last too: curves, workers, timeline, logs, comparison.

Usage: lockstep dashboard [FOLDER] [options]

FOLDER is the --output of a run, or a folder that holds such folders (default: runs).

Options:
  --port N             to listen on (default 7400; 0 takes a free one)
  --host ADDRESS       to listen on (default 127.0.0.1); for others than this machine the environment's
                       LOCKSTEP_DASHBOARD_TOKEN_FILE must name a file with a token, which goes into the
                       address once: http://HOST:7400/?token=TOKEN
  --json               the address as a JSON object

Examples:
  lockstep dashboard
  lockstep dashboard runs/movielens-quick --port 8080

Ctrl-C ends it; runs go on.`;

export const initHelp = `Writes a job with every field, its default and its meaning.

Usage: lockstep init [FILE] (--data FOLDER | --dataset NAME) [options]

FILE is job.yaml where it is left out, and must not exist.

Options:
  --data FOLDER        a dataset that "lockstep data import" has written
  --dataset NAME       a built-in dataset, such as movielens-100k
  --name NAME          the job's name (default: the dataset's)
  --json               one JSON object a line; the last one is the result

Examples:
  lockstep init --dataset movielens-100k
  lockstep init books.yaml --data data/books --name books

${exitCodeHelp}`;

export const trainHelp = `Trains a job on this machine: nats-server, coordinator and workers, each its own process.

Usage: lockstep train FILE [options]

Options:
  --workers N          worker processes (default: workers.replicas of the job)
  --output DIR         checkpoints, history and logs (default: runs/NAME of the job)
  --resume             continue from the newest complete checkpoint in DIR
  --resume-if-any      the same, and begin where DIR has no checkpoint
  --init-from RUN      start from the weights of a run's newest checkpoint, or of one checkpoint, as
                       a new training: step 0, a fresh optimizer
  --set PATH=VALUE     set a field of the job, such as optimizer.learningRate=0.003; repeatable
  --json               one JSON object a line; the last one is the result
  --metrics-port P     serve the coordinator's metrics on P, worker r's on P+1+r (default: free ports)
  --dashboard-port P   show the run in a browser on P (default: a free port, which is printed)
  --no-dashboard       serve none
  --nats URL           use this nats-server with JetStream instead of starting one (default:
                       LOCKSTEP_NATS_URL, if set); a secret comes from there, never from the command line

Ctrl-C finishes the step, writes a checkpoint and ends; a second Ctrl-C ends at once.
Ctrl-Z pauses the whole training, fg goes on.

Examples:
  lockstep train job.yaml --workers 2
  lockstep train job.yaml --output runs/fast --set optimizer.learningRate=0.003 --set duration.steps=200
  lockstep train job.yaml --output runs/fast --resume

${exitCodeHelp}`;

const natsOption = `  --nats URL           the nats-server that the run's processes share (default: LOCKSTEP_NATS_URL); a
                       secret belongs into the environment or a file, never here`;

export const coordinatorHelp = `Leads a training job on a nats-server that its workers share.

Usage: lockstep coordinator FILE [options]

It plans the steps, says who trains, and keeps the run's log. A second one for the same job, anywhere,
stands by and takes over when the first one is lost.

Options:
${natsOption}
  --output DIR         job, history and ledger of the run (default: runs/NAME of the job)
  --run ID             the run's id, t and 16 hexadecimal digits: all coordinators with it lead one run,
                       from any folder; the first begins it, and whoever comes later goes on with it
  --checkpoints WHERE  a folder that all workers see, s3://BUCKET/PREFIX, or "workers": each worker
                       writes into its own folder (default: DIR/checkpoints)
  --resume             continue from the newest complete checkpoint
  --resume-if-any      the same, and begin where there is no checkpoint
  --init-from RUN      start from the weights of a run's newest checkpoint, or of one checkpoint
  --set PATH=VALUE     set a field of the job, such as workers.min=2; repeatable
  --grace SECONDS      how long it may stay for workers that are asked to end as well (default: 25)
  --json               one JSON object a line; the last one is the result
  --metrics-port P     serve metrics on P (default: a free port)
  --metrics-host HOST  on this address (default: 127.0.0.1)
  --dashboard-port P   show the run in a browser on P (default: a free port, which is printed)
  --dashboard-host HOST  on this address (default: 127.0.0.1); another one needs a token, in the file of
                       LOCKSTEP_DASHBOARD_TOKEN_FILE
  --no-dashboard       serve none

Examples:
  lockstep coordinator job.yaml --nats nats://one:4222
  lockstep coordinator job.yaml --nats nats://one:4222 --checkpoints s3://models/books --resume-if-any

${exitCodeHelp}`;

export const workerHelp = `Works for a training job: joins it, trains its share of every step, and may leave at any time.

Usage: lockstep worker --job NAME [options]

It waits for a coordinator of the job. SIGTERM lets it finish the step and hand its lanes over.

Options:
${natsOption}
  --job NAME           the job's name (metadata.name)
  --name NAME          of this worker, one of a kind in the job (default: the host's name, with a number for
                       the second and further ones)
  --output DIR         cache, checkpoints and logs of this worker (default: workers/NAME)
  --bind HOST[:PORT]   where other workers reach it (default: the address towards nats-server, a free port)
  --announce HOST[:PORT]  what they are told, where it differs
  --grace SECONDS      how long it may take to leave (default: 25)
  --metrics-port P     serve metrics on P (default: a free port)
  --metrics-host HOST  on this address (default: 127.0.0.1)

Workers prove to each other that they belong together by the job's secret, which all of them read from
LOCKSTEP_SECRET_FILE (or LOCKSTEP_SECRET).

Examples:
  LOCKSTEP_SECRET_FILE=job.secret lockstep worker --job books --nats nats://one:4222
  lockstep worker --job books --name rack-3 --bind 10.0.0.3:7000

${exitCodeHelp}`;

export const attachHelp = `Watches a run from anywhere: the same progress, result and exit code as of the command that trains.

Usage: lockstep attach NAME [options]

NAME is the job's name. Ctrl-C stops watching; the run goes on.

Options:
${natsOption}
  --json               one JSON object a line; the last one is the result

Examples:
  lockstep attach books --nats nats://one:4222
  lockstep attach books --json > books.jsonl

${exitCodeHelp}`;

export const topHelp = `Shows a running job on the whole screen: progress, loss, rates, where the time of each worker goes and whom
the others wait for, and what happened lately. q or Ctrl-C leaves the view; the run goes on.

Usage: lockstep top [NAME | FOLDER] [options]

NAME is the job's name on the nats-server of --nats; where it is left out, the only live run there is
shown. FOLDER is the --output of a run on this machine, whether it lasts or is over.

Options:
${natsOption}
  --once               print what there is now, and end

Examples:
  lockstep top runs/movielens-quick                # what "npm start" trains, from another terminal
  lockstep top books --nats nats://one:4222
  lockstep top runs/movielens-quick --once

${exitCodeHelp}`;

export const stopHelp = `Asks a run to finish its step, write a checkpoint and end, and waits until it has.

Usage: lockstep stop NAME [options]

NAME is the job's name.

Options:
${natsOption}
  --json               one JSON object as the result

Examples:
  lockstep stop books --nats nats://one:4222

${exitCodeHelp}`;

export const pauseHelp = `Lets a run stand after a step, and waits until it does. Its workers keep what they hold, and its name.

Usage: lockstep pause NAME [options]

NAME is the job's name. Steps whose plans are out are trained first: some seconds of them, two at least.
Workers may come and go meanwhile, and the weights are the same as without a pause. "lockstep continue"
lets it go on; "lockstep stop" ends it, behind one more step.

Options:
${natsOption}
  --json               one JSON object as the result

Examples:
  lockstep pause books --nats nats://one:4222

${exitCodeHelp}`;

export const continueHelp = `Lets a paused run go on.

Usage: lockstep continue NAME [options]

NAME is the job's name. A run that is not paused goes on as well.

Options:
${natsOption}
  --json               one JSON object as the result

Examples:
  lockstep continue books --nats nats://one:4222

${exitCodeHelp}`;

export const checkpointHelp = `Lets a run write a checkpoint now, and waits until it is on the disk. Training goes on.

Usage: lockstep checkpoint NAME [options]

NAME is the job's name. Of a paused run it is written at once; where one of the last step is there, that is
the answer. It counts among the checkpoints that are kept.

Options:
${natsOption}
  --json               one JSON object as the result

Examples:
  lockstep checkpoint books --nats nats://one:4222

${exitCodeHelp}`;

export const drainHelp = `Lets one worker hand its lanes over at the end of a step and end, and waits until others go on.

Usage: lockstep drain NAME WORKER [options]

NAME is the job's name, WORKER the worker's: "lockstep attach NAME" and the dashboard show them. Nothing is
computed twice. It is refused where fewer workers would be left than the job needs. "lockstep train" does not
start the worker again; in Kubernetes a new pod takes its place.

Options:
${natsOption}
  --json               one JSON object as the result

Examples:
  lockstep drain books worker-2 --nats nats://one:4222

${exitCodeHelp}`;

export const natsUsersHelp = `Prints a part of a nats-server's configuration: an account for one job, with a user for each role.

Usage: lockstep nats-users NAME > FILE

NAME is the job's name. The users are NAME-coordinator, NAME-worker and NAME-watcher, each with a fresh
password and with no rights outside the job; docs/security.md says which inside.

Examples:
  lockstep nats-users books > nats-users.conf

${exitCodeHelp}`;

export const chaosHelp = `Trains a job undisturbed and then while its processes are killed, stopped and restarted, and says
whether anything of the result has changed.

Usage: lockstep chaos FILE [options]

Options:
  --workers N          worker processes (default: workers.replicas of the job)
  --kill TIME          kill a worker this often on average (default: 10s)
  --hang TIME          let a worker stand still for some seconds this often (default: 20s)
  --coordinator TIME   kill the coordinator that leads this often (default: 30s)
  --nats TIME          kill and restart nats-server this often (default: 45s)
  --duration TIME      how long to go on with it (default: 5m); the job is trained to its end again
                       and again until then
  --seed N             of the plan of faults (default: 1)
  --set PATH=VALUE     set a field of the job, such as duration.steps=200; repeatable
  --output DIR         keep what the runs leave (default: a temporary folder, kept after a failure)
  --json               one JSON object as the result

With one of the faults given, only the given ones happen. The exit code is 0 where all runs ended with
the same weights, every step was recorded once and the audit passes, and else 1.

Examples:
  lockstep chaos examples/movielens-quick.yaml --workers 4
  lockstep chaos job.yaml --kill 5s --duration 2m --seed 7

${exitCodeHelp}`;

export const evalHelp = `Evaluates a checkpoint: Recall and NDCG over the full catalogue, beside popularity.

Usage: lockstep eval FOLDER [options]

FOLDER is the --output of a run, whose newest complete checkpoint is taken, or one checkpoint in it.

Options:
  --workers N          worker processes (default: workers.replicas of the job)
  --json               one JSON object a line; the last one is the result
  --nats URL           use this nats-server with JetStream instead of starting one (default:
                       LOCKSTEP_NATS_URL, if set); a secret comes from there, never from the command line

Examples:
  lockstep eval runs/books
  lockstep eval runs/books/checkpoints/step-00000120 --workers 1

${exitCodeHelp}`;

export const auditHelp = `Compares a run's ledger with its job and its dataset: every step once and in order, in every epoch each
sequence exactly once and nobody else, the members' digests of whom they trained, the dataset's every
byte, and the newest checkpoint's weights.

Usage: lockstep audit RUN [options]
       lockstep audit NAME --nats URL [options]

RUN is the --output of a run, or a copy of it taken at any moment. NAME is the name of a job: what the
nats-server's log has of its run now is audited, whether the run lasts or is over.

Options:
  --nats URL           the nats-server of the run; a secret belongs into the file of
                       LOCKSTEP_NATS_CREDENTIALS_FILE, never here
  --data FOLDER        where the dataset is (default: where the run has it)
  --recompute          plan every step again and compare the plans, whatever it takes
  --no-recompute       do not (default: where the job trains at most 5,000,000 sequences)
  --json               one JSON object a line; the last one is the verdict

Examples:
  lockstep audit runs/books
  lockstep audit books --nats nats://one:4222

Exit codes:
  ${exitCodes.success}    passed
  ${exitCodes.internal}    it differs: the differences are listed
  ${exitCodes.usage}    there is nothing to audit, or nothing to compare it with`;

const runWords = `RUN is the --output of a run, or one checkpoint in it.`;

const checkpointOption = `  --checkpoint WHICH   newest (default), best, step-00000120, or the path of a checkpoint`;

export const recommendHelp = `What a trained model expects to come next, the best first.

Usage: lockstep recommend RUN (--history ITEM,... | --user ID | --users FILE) [options]

${runWords}

  --history ITEM,ITEM  items in the order of time, each by its id or a part of its title that no other
                       title has; repeatable, which titles with commas may need
  --user ID            the whole history of one of the dataset's users; repeatable
  --users FILE         a line for each user: an id, or {"user": "ID", "history": ["ITEM", ...]}, where
                       either may be left out

The model reads the newest items, as many as the job's data.sequences.maxLength. Scores are what it ranks
by: cosines of its prediction and the items' embeddings, which are no probabilities, or, where the job's
objective reads labels, the probability that the user takes the item.

Options:
  --top N              so many items (default: 10)
  --repeat             items of the history may come again (default: they are left out)
${checkpointOption}
  --json               one JSON object a line: one for each user, and a last one

Examples:
  lockstep recommend runs/movielens --history "Star Wars,Alien"
  lockstep recommend runs/movielens --user 42 --top 5 --checkpoint best

${exitCodeHelp}`;

export const exportHelp = `Writes what a run has trained as a folder for other programs.

Usage: lockstep export RUN [options]

${runWords} The folder appears when all of it is written.

Parts:
  items     embeddings of all items: safetensors, and Parquet with ids, titles and tokens
  users     predictions behind the whole histories of all users, likewise
  item-llm  the Item LLM as a folder for Hugging Face's transformers, with the dataset's tokenizer
  user-llm  the User LLM likewise; it reads embeddings of items
  hllm      all parameters under the names of the HLLM reference

Options:
  --output DIR         a new folder (default: exports/NAME of the job)
  --parts PART,PART    some of the parts above (default: all but users)
${checkpointOption}
  --json               one JSON object a line; the last one is the result

Examples:
  lockstep export runs/books
  lockstep export runs/books --parts items,item-llm --output exports/books

${exitCodeHelp}`;

export const historyHelp = `Converts what a run's history says, step by step, for other programs.

Usage: lockstep history RUN --format FORMAT [--output PATH] [options]

RUN is the --output of a run, or its history.jsonl, whether the run lasts or is over: asked again, the
command replaces what it wrote. docs/history.md has the names of the curves.

Formats:
  csv          a row for each step and each evaluation, a column for each name
  tensorboard  an event file: tensorboard --logdir PATH

Options:
  --format FORMAT      csv or tensorboard
  --output PATH        the file of csv (default: standard output), the folder of tensorboard
  --json               one JSON object as the result

Examples:
  lockstep history runs/books --format csv --output books.csv
  lockstep history runs/books --format tensorboard --output logs/books

${exitCodeHelp}`;

export const similarHelp = `The items whose embeddings a trained model puts nearest to one item's.

Usage: lockstep similar RUN ITEM [options]

${runWords} ITEM is an item's id, or a part of its title that
no other title has. Scores are cosines of the Item LLM's embeddings.

Options:
  --top N              so many items (default: 10)
${checkpointOption}
  --json               one JSON object a line; the last one is the result

Examples:
  lockstep similar runs/movielens "Star Wars"
  lockstep similar runs/movielens 50 --top 5 --json

${exitCodeHelp}`;

export const benchHelp = `Times a training step on this machine, engine by engine, precision by precision.

Usage: lockstep bench [BATCH] [options]

BATCH is small-longtail (default), small-movies, smollm135m-longtail, or the path of a batch without
its endings (.json, .safetensors).

Options:
  --engine NAME        torch, wasm or cpu; repeatable (default: all but cpu). A step of the default
                       batch takes seconds on torch, most of a minute on wasm, long on cpu
  --threads N          threads of an operation, where the engine has several (default: 2)
  --steps N            measured steps of each; the table shows their median (default: 3)
  --json               one JSON object a line; the last one is the result

Columns:
  GFLOP/s    useful operations only: products of both models and of the loss, forward and backward
  of matmul  the same as a share of the best matrix product that the engine did in the same run
  peak MiB   most memory that the process held
  host       share of the step that passes outside the engine

Examples:
  lockstep bench
  lockstep bench smollm135m-longtail --engine torch --threads 4 --steps 5

${exitCodeHelp}`;

export const weightsHelp = `Tells what a pretrained model is: family, shapes, types, tokenizer and digest.

Usage: lockstep weights PATH [--json]

PATH is a Hugging Face folder (Llama, Mistral, Qwen2, Qwen3; safetensors) or a GGUF file. What cannot be
computed is refused by its name. A job names it in model.item.pretrained.path or model.user.pretrained.path,
and data is imported for it with --tokenizer PATH.

Options:
  --json               one JSON object a line; the last one is the result

Examples:
  lockstep weights smollm2.gguf
  lockstep weights models/Qwen3-0.6B --json

${exitCodeHelp}`;
