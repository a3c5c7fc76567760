/**
 * Holds what the decoder computes with a pretrained model against what `transformers` does, in float32:
 * the largest difference of a state behind the final norm, and of a logit.
 */
import { readFileSync } from 'node:fs';
import { openEngine } from '../../worker/engine/open-engine.js';
import { readLanguageModel, readText } from '../../worker/model/decoder/language-model-fixture.js';
import { type LogitsOptions, logitsUsage, parseLogitsOptions } from './logits-options.js';

/** Of T tokens: states [T, H] and logits [T, V]. */
interface Expected {
  readonly tokens: readonly number[];
  readonly states: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
}

export async function benchLogits(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) {
    process.exitCode = 2;
    return;
  }
  const expected: Expected = JSON.parse(readFileSync(options.expected, 'utf8'));
  const { name, version, threads } = await openEngine(options.engine, options);
  const start = performance.now();
  const model = await readLanguageModel(options.model);
  const read = performance.now();
  const { states, logits } = readText(model, expected.tokens);
  console.log(
    JSON.stringify({
      benchmark: 'logits',
      model: options.model,
      engine: `${name} (${version})`,
      threads,
      tokens: expected.tokens.length,
      read_seconds: (read - start) / 1000,
      forward_seconds: (performance.now() - read) / 1000,
      states_off: largestDifference(states, expected.states),
      logits_off: largestDifference(logits, expected.logits),
      largest_logit: logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    }),
  );
}

function largestDifference(got: Float32Array, expected: readonly (readonly number[])[]): number {
  const width = got.length / expected.length;
  const differences = expected.map((row, t) =>
    row.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (got[t * width + i] as number))),
      0,
    ),
  );
  return Math.max(...differences);
}

function readOptions(args: string[]): LogitsOptions | null {
  try {
    return parseLogitsOptions(args);
  } catch (error) {
    console.error(`Cannot compare: ${(error as Error).message}\n${logitsUsage}`);
    return null;
  }
}
