/**
 * Imports a pretrained model as a worker does, and measures what that takes. What the model then
 * computes is `bench logits`' matter. The last line is JSON.
 */
import { openPretrained } from '../../pretrained/open-pretrained.js';
import type { ModelConfig } from '../../worker/model/model-config.js';
import { ParameterLayout } from '../../worker/model/parameters/parameter-layout.js';
import { loadPretrained } from '../../worker/model/pretrained/load-pretrained.js';
import { HostState } from '../../worker/state/host-state.js';
import { decoderConfig } from '../../worker/training/from-job.js';

const usage = 'usage: bench pretrained MODEL';

export async function benchPretrained([path, ...others]: string[]): Promise<void> {
  if (path === undefined || others.length > 0) {
    console.error(usage);
    process.exitCode = 2;
    return;
  }
  const { config, source } = await openPretrained(path);
  const before = peakBytes();
  const started = performance.now();
  const layout = new ParameterLayout(itemModelOf(config), []);
  await loadPretrained('item_llm', source, HostState.zeros(layout));
  const seconds = (performance.now() - started) / 1000;
  await source.close();
  console.log(
    JSON.stringify({
      benchmark: 'pretrained',
      model: path,
      parameter_bytes: layout.length * 4,
      import_bytes: peakBytes() - before,
      import_seconds: seconds,
    }),
  );
}

const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;

type Config = Awaited<ReturnType<typeof openPretrained>>['config'];

/** The Item LLM alone: no user model whose memory would count beside it. */
function itemModelOf({ decoder, vocabularySize }: Config): ModelConfig {
  const item = decoderConfig(decoder);
  return {
    item,
    user: { ...item, layers: 0 },
    vocabularySize,
    itemEmbedding: 'mean',
    maxTextLength: 1,
    falseNegatives: { kind: 'none' },
    objective: { kind: 'generative' },
  };
}
