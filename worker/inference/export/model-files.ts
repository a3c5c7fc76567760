/** The two LLMs as folders that transformers loads, and everything under the reference's names. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { fileNames } from '../../../dataset/dataset-manifest.js';
import {
  type ExportedTensor,
  hllmTensors,
  itemLlmTensors,
  userLlmTensors,
} from '../../model/export/exported-tensors.js';
import { huggingFaceConfig } from '../../model/export/hugging-face-config.js';
import { bytesOfTensors, tensorFilePieces } from '../../model/export/tensor-file.js';
import type { TrainedModel } from '../trained-model.js';
import { type ExportFile, jsonFile } from './export-file.js';

/** What a reader must know of the model beside its weights. */
export function hllmDescription({ job, model }: TrainedModel): object {
  const { itemEmbedding, maxTextLength, vocabularySize } = model.config;
  return {
    objective: job.spec.objective.kind,
    item_embedding: itemEmbedding,
    item_token_id: itemEmbedding === 'item-token' ? vocabularySize : null,
    max_text_length: maxTextLength,
    max_history_length: job.spec.data.sequences.maxLength,
  };
}

export function itemLlmFiles(trained: TrainedModel): ExportFile[] {
  const { dataset, model } = trained;
  const tensors = itemLlmTensors(parametersOf(trained), model.config);
  const sizes = {
    vocabularySize: tensors[0]?.shape[0] as number,
    // The [ITEM] token stands behind the longest text.
    positions: model.config.maxTextLength + 1,
  };
  const config = huggingFaceConfig(model.config.item, sizes);
  return [
    jsonFile('item_llm/config.json', 'the Item LLM for transformers', config),
    jsonFile('item_llm/hllm.json', 'how HLLM feeds it', hllmDescription(trained)),
    tensorFile('item_llm/model.safetensors', 'its weights', tensors, trained),
    ...(['tokenizer', 'tokenizerConfig'] as const).map((role): ExportFile => {
      const { name, bytes } = dataset.manifest.files.find(
        (file) => file.name === fileNames[role],
      ) as { name: string; bytes: number };
      const content = () => createReadStream(join(dataset.directory, name));
      return {
        name: `item_llm/${name}`,
        what: "the dataset's tokenizer",
        bytes,
        details: {},
        content,
      };
    }),
  ];
}

export function userLlmFiles(trained: TrainedModel): ExportFile[] {
  const { job, model } = trained;
  const tensors = userLlmTensors(parametersOf(trained), model.config);
  const sizes = { vocabularySize: 1, positions: job.spec.data.sequences.maxLength + 1 };
  const config = huggingFaceConfig(model.config.user, sizes);
  return [
    jsonFile('user_llm/config.json', 'the User LLM for transformers: reads inputs_embeds', config),
    jsonFile('user_llm/hllm.json', 'how HLLM feeds it', hllmDescription(trained)),
    tensorFile('user_llm/model.safetensors', 'its weights', tensors, trained),
  ];
}

export const hllmFiles = (trained: TrainedModel): ExportFile[] => [
  tensorFile(
    'hllm.safetensors',
    'all parameters under the names of the HLLM reference',
    hllmTensors(parametersOf(trained)),
    trained,
  ),
];

const parametersOf = ({ model, flat }: TrainedModel) => ({ layout: model.layout, flat });

function tensorFile(
  name: string,
  what: string,
  tensors: readonly ExportedTensor[],
  { checkpoint }: TrainedModel,
): ExportFile {
  const bytes = bytesOfTensors(tensors);
  const metadata = { weights_sha256: checkpoint.manifest.weightsSha256 };
  return {
    name,
    what,
    bytes,
    details: { tensor_count: tensors.length, parameters: bytes / 4 },
    content: () => tensorFilePieces(tensors, metadata),
  };
}
