import { exitCodes } from '../shared/exit-codes.js';
import { exitCodeHelp } from './exit-code-help.js';

export const mainHelp = `Lockstep trains HLLM recommenders on any number of workers, to the same last bit.

Usage: lockstep COMMAND [options]

Commands:
  init              write a commented job for a dataset
  train FILE        train the job in FILE on this machine
  eval FOLDER       evaluate a run's newest checkpoint, or one checkpoint
  audit RUN         whether a run was trained on its dataset, every sequence exactly once
  recommend RUN     the next items for a user, a history, or a file of users
  similar RUN ITEM  the items nearest to one
  export RUN        embeddings and both language models, for other programs
  data ...          fetch, import and inspect datasets
  weights PATH      what a pretrained model is, and whether it can be trained from
  bench             time a training step on this machine, engine by engine
  version           print the version

"lockstep COMMAND --help" tells more.

${exitCodeHelp}`;

export const initHelp = `Writes a job with every field, its default and its meaning.

Usage: lockstep init [FILE] (--data FOLDER | --dataset NAME) [options]

FILE is job.yaml where it is left out, and must not exist.

Options:
  --data FOLDER        a dataset that "lockstep data import" has written
  --dataset NAME       a built-in dataset, such as movielens-100k
  --name NAME          the job's name (default: the dataset's)
  --json               one JSON object a line; the last one is the result

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
  --nats URL           use this nats-server with JetStream instead of starting one

Ctrl-C finishes the step, writes a checkpoint and ends; a second Ctrl-C ends at once.
Ctrl-Z pauses the whole training, fg goes on.

${exitCodeHelp}`;

export const evalHelp = `Evaluates a checkpoint: Recall and NDCG over the full catalogue, beside popularity.

Usage: lockstep eval FOLDER [options]

FOLDER is the --output of a run, whose newest complete checkpoint is taken, or one checkpoint in it.

Options:
  --workers N          worker processes (default: workers.replicas of the job)
  --json               one JSON object a line; the last one is the result
  --nats URL           use this nats-server with JetStream instead of starting one

${exitCodeHelp}`;

export const auditHelp = `Compares a run's ledger with its job and its dataset: every step once and in order, in every epoch each
sequence exactly once and nobody else, the members' digests of whom they trained, the dataset's every
byte, and the newest checkpoint's weights.

Usage: lockstep audit RUN [options]

RUN is the --output of a run, or a copy of it taken at any moment.

Options:
  --recompute          plan every step again and compare the plans, whatever it takes
  --no-recompute       do not (default: where the job trains at most 5,000,000 sequences)
  --json               one JSON object a line; the last one is the verdict

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

${exitCodeHelp}`;

export const similarHelp = `The items whose embeddings a trained model puts nearest to one item's.

Usage: lockstep similar RUN ITEM [options]

${runWords} ITEM is an item's id, or a part of its title that
no other title has. Scores are cosines of the Item LLM's embeddings.

Options:
  --top N              so many items (default: 10)
${checkpointOption}
  --json               one JSON object a line; the last one is the result

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

${exitCodeHelp}`;

export const weightsHelp = `Tells what a pretrained model is: family, shapes, types, tokenizer and digest.

Usage: lockstep weights PATH [--json]

PATH is a Hugging Face folder (Llama, Mistral, Qwen2, Qwen3; safetensors) or a GGUF file. What cannot be
computed is refused by its name. A job names it in model.item.pretrained.path or model.user.pretrained.path,
and data is imported for it with --tokenizer PATH.

Options:
  --json               one JSON object a line; the last one is the result

${exitCodeHelp}`;
