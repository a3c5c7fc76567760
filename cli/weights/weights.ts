/** `lockstep weights`: what a pretrained model is, and whether it can be trained from. */
import { parseArgs } from 'node:util';
import { createItemTokenizer, readTokenizerFiles } from '../../dataset/tokenizer/item-tokenizer.js';
import { describePretrained } from '../../pretrained/describe-pretrained.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { weightsHelp } from '../help.js';
import { sayFinished } from '../output/json-line.js';
import { UsageError } from '../usage-error.js';
import { type TokenizerWord, weightsText } from './weights-text.js';

/** @throws UsageError; PretrainedError naming what cannot be computed */
export async function weightsCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readArguments(words);
  if (given === null) {
    process.stdout.write(`${weightsHelp}\n`);
    return exitCodes.success;
  }
  const description = await describePretrained(given.path);
  const tokenizer = await tokenizerOf(given.path);
  if (given.json) sayFinished({ ...description, tokenizer });
  else process.stdout.write(`${weightsText(description, tokenizer)}\n`);
  return exitCodes.success;
}

/** A model may be used without a tokenizer; a dataset then needs one from elsewhere. */
async function tokenizerOf(path: string): Promise<TokenizerWord> {
  try {
    const { vocabularySize } = createItemTokenizer(await readTokenizerFiles(path), path);
    return { tokens: vocabularySize, problem: null };
  } catch (error) {
    return { tokens: null, problem: (error as Error).message };
  }
}

export const weightsOptions = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function readArguments(words: readonly string[]): { path: string; json: boolean } | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) {
    throw new UsageError(
      'Cannot run "lockstep weights": the PATH of a model must be named, once: it got ' +
        `${positionals.length} names (see "lockstep weights --help")`,
    );
  }
  return { path, json: values.json === true };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: weightsOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep weights --help")`, { cause });
  }
}
