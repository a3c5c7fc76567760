/** `lockstep similar`: the items that a trained model takes for the nearest to one. */
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { similarItems } from '../../worker/inference/similar-items.js';
import { similarHelp } from '../help.js';
import { sayFinished } from '../output/json-line.js';
import { findItem, itemName } from '../trained-run/find-item.js';
import { itemRows, itemTable } from '../trained-run/item-table.js';
import { answeredBy, openRun } from '../trained-run/open-run.js';
import { openRunCatalogue } from '../trained-run/open-run-catalogue.js';
import { withStages } from '../trained-run/with-stages.js';
import { readSimilarArguments, type SimilarArguments } from './similar-arguments.js';

/** @throws UsageError, JobSpecError, DatasetError, CheckpointError, EngineUnavailableError */
export async function similarCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readSimilarArguments(words);
  if (given === null) process.stdout.write(`${similarHelp}\n`);
  else await similar(given);
  return exitCodes.success;
}

async function similar({ run, checkpoint, item: named, top, json }: SimilarArguments) {
  const { item, names, answered, rows } = await withStages(json, async (stages) => {
    const { names, load } = await openRun({ run, checkpoint, doing: 'ask' }, stages);
    const item = findItem(named, names);
    const trained = await load();
    const catalogue = await openRunCatalogue(trained, stages);
    const found = similarItems(catalogue, trained.model.hiddenSize, item, top);
    return { item, names, answered: answeredBy(trained), rows: itemRows(found, names) };
  });
  if (!json) {
    process.stdout.write(`nearest to ${itemName(item, names)}\n${itemTable(rows, 'cosine')}\n`);
    return;
  }
  sayFinished({
    item: names.ids.idOf(item),
    title: names.title?.(item) ?? null,
    similar: rows,
    ...answered,
  });
}
