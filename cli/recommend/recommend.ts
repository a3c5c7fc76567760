/** `lockstep recommend`: what a trained model expects to come next. */
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { historiesOfBatch } from '../../worker/inference/read-histories.js';
import {
  type RankedBy,
  type RecommendedItem,
  Recommender,
} from '../../worker/inference/recommender.js';
import { recommendHelp } from '../help.js';
import { sayFinished, sayJson } from '../output/json-line.js';
import { printable } from '../output/text/printable.js';
import { type ItemNames, itemName } from '../trained-run/find-item.js';
import { itemRows, itemTable } from '../trained-run/item-table.js';
import { usualCandidates } from '../trained-run/limits.js';
import { answeredBy, type OpenRun, openRun } from '../trained-run/open-run.js';
import { openRunCatalogue } from '../trained-run/open-run-catalogue.js';
import { type Stages, withStages } from '../trained-run/with-stages.js';
import { UsageError } from '../usage-error.js';
import { type Question, readQuestions } from './questions.js';
import { type RecommendArguments, readRecommendArguments } from './recommend-arguments.js';

/** @throws UsageError, JobSpecError, DatasetError, CheckpointError, EngineUnavailableError */
export async function recommendCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readRecommendArguments(words);
  if (given === null) process.stdout.write(`${recommendHelp}\n`);
  else await recommend(given);
  return exitCodes.success;
}

async function recommend(given: RecommendArguments): Promise<void> {
  const { run, checkpoint, audience, json } = given;
  const finished = await withStages(json, async (stages) => {
    const opened = await openRun({ run, checkpoint, doing: 'ask' }, stages);
    const { dataset, names } = opened;
    let users = 0;
    for await (const _ of readQuestions(audience, dataset, names)) users++;
    if (users === 0) throw new UsageError('Cannot recommend: no user was named: there must be one');
    const { recommender, answered } = await openRecommender(opened, stages);
    const { rankedBy } = recommender;
    const options = { ...given, candidates: Math.max(usualCandidates, given.top) };
    for await (const batch of inBatches(readQuestions(audience, dataset, names))) {
      const histories = batch.map(({ history }) => history);
      const answers = recommender.recommend(histories, options);
      batch.forEach((question, at) => {
        say(question, answers[at] as RecommendedItem[], names, { json, rankedBy });
      });
    }
    recommender.dispose();
    return { users, rankedBy, ...answered };
  });
  if (json) sayFinished(finished);
}

async function openRecommender({ load }: OpenRun, stages: Stages) {
  const trained = await load();
  const catalogue = await openRunCatalogue(trained, stages);
  return { recommender: new Recommender(trained, catalogue), answered: answeredBy(trained) };
}

async function* inBatches(questions: AsyncIterable<Question>): AsyncGenerator<Question[]> {
  let batch: Question[] = [];
  for await (const question of questions) {
    batch.push(question);
    if (batch.length < historiesOfBatch) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function say(
  { user, history }: Question,
  items: readonly RecommendedItem[],
  names: ItemNames,
  { json, rankedBy }: { readonly json: boolean; readonly rankedBy: RankedBy },
): void {
  const rows = itemRows(items, names);
  if (json) {
    const withCosines = rows.map((row, at) => ({ ...row, cosine: items[at]?.cosine ?? null }));
    sayJson('recommended', { user, historyItems: history.length, items: withCosines });
    return;
  }
  const whom = user === null ? '' : `for user ${printable(user)}, `;
  const count = `${history.length} ${history.length === 1 ? 'item' : 'items'}`;
  const last = itemName(history.at(-1) as number, names);
  const head = `next ${whom}after ${count}, the last of them ${last}`;
  const answer = rows.length === 0 ? 'nothing: every item is in it' : itemTable(rows, rankedBy);
  process.stdout.write(`${head}\n${answer}\n\n`);
}
