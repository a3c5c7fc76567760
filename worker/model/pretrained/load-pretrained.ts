/**
 * Fills a tower with the weights of a pretrained model: each tensor is read in pieces and written to
 * its place in the state, so that the state is all the memory that this takes. Source and layout
 * both have Hugging Face's names; the user model has no embedding table, and neither has an output.
 */
import type { SourceTensor, TensorSource } from '../../../pretrained/tensor-source.js';
import { rangeOf, type StateLayout, type TrainingState } from '../../state/training-state.js';
import type { Llm, ParameterEntry } from '../parameters/parameter-layout.js';
import { adapterMatrix } from '../parameters/what-trains.js';

/** The weights do not fit the model of the job. */
export class PretrainedMismatchError extends Error {
  override readonly name = 'PretrainedMismatchError';
  readonly code = 'BAD_PRETRAINED';
}

/** The name that a parameter has in a pretrained model; null for one that none has. */
export function pretrainedName(name: string, llm: Llm): string | null {
  const isOfModel = name.startsWith(`${llm}.model.`) && adapterMatrix(name) === null;
  return isOfModel ? name.slice(llm.length + 1) : null;
}

/** @throws PretrainedMismatchError naming the tensor that is missing or has another shape */
export async function loadPretrained(
  llm: Llm,
  source: TensorSource,
  state: TrainingState,
): Promise<void> {
  for (const { entry, tensor } of placesOf(llm, source, state.layout)) {
    let { begin } = rangeOf(entry);
    // Of a table with more rows than the dataset has tokens, the first ones.
    for await (const piece of source.read(tensor.name, { begin: 0, end: entry.size })) {
      await state.write(
        'parameters',
        begin,
        new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength),
      );
      begin += piece.byteLength;
    }
  }
}

interface Place {
  readonly entry: ParameterEntry;
  readonly tensor: SourceTensor;
}

/** Everything is compared before anything is read. */
function placesOf(llm: Llm, source: TensorSource, { entries }: StateLayout): Place[] {
  const tensors = new Map(source.tensors.map((tensor) => [tensor.name, tensor]));
  return entries.flatMap((entry) => {
    const name = pretrainedName(entry.name, llm);
    if (name === null) return [];
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new PretrainedMismatchError(
        `Cannot load the pretrained weights: they have no tensor "${name}": the job's model needs it`,
      );
    }
    checkShape(entry, tensor);
    return [{ entry, tensor }];
  });
}

function checkShape(entry: ParameterEntry, { name, shape }: SourceTensor): void {
  const isTable = name === 'model.embed_tokens.weight';
  const [rows = 0, ...rest] = entry.shape;
  const [theirs = 0, ...others] = shape;
  const fits = rest.join() === others.join() && (isTable ? theirs >= rows : theirs === rows);
  if (fits) return;
  const needs = isTable ? `[at least ${rows}, ${rest.join(', ')}]` : `[${entry.shape.join(', ')}]`;
  throw new PretrainedMismatchError(
    `Cannot load the pretrained weights: "${name}" has the shape [${shape.join(', ')}]: ` +
      `the job's model needs ${needs}`,
  );
}
