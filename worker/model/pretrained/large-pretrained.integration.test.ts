/** A table beyond what one typed array or 32-bit offset takes, without its memory: the file is one hole. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileTensors } from '../../../pretrained/file-tensors.js';
import { folderTensors, oneFile } from '../../../pretrained/huggingface/read-folder.js';
import { encodeHeader } from '../../../shared/safetensors-header.js';
import type { ByteRange } from '../../../storage/pieces.js';
import type { StateLayout, StateSection, TrainingState } from '../../state/training-state.js';
import { loadPretrained } from './load-pretrained.js';

const gibibyte = 2 ** 30;
/** Floats of the table: 5 GiB of them, above 2^31 and 2^32 bytes. */
const size = (5 * gibibyte) / 4;
const rows = size / 1024;
const layout: StateLayout = {
  entries: [
    { name: 'item_llm.model.embed_tokens.weight', shape: [rows, 1024], offset: 16, size },
    { name: 'logit_scale', shape: [], offset: 0, size: 1 },
  ],
  length: 16 + size,
  trainedLength: 16 + size,
};

/** Has no memory: keeps which bytes were written, ranges that follow each other as one. */
class CountedState implements TrainingState {
  readonly layout = layout;
  readonly written: ByteRange[] = [];

  async read(): Promise<Uint8Array> {
    return assert.fail('nobody reads what is being loaded');
  }

  async write(section: StateSection, begin: number, bytes: Uint8Array): Promise<void> {
    assert.equal(section, 'parameters');
    const end = begin + bytes.byteLength;
    const last = this.written.at(-1);
    if (last?.end === begin) this.written[this.written.length - 1] = { begin: last.begin, end };
    else this.written.push({ begin, end });
  }
}

// Catches: an offset that ends at 2^31 or 2^32 bytes, a model held in memory, and rows beyond the dataset's tokens.
test('weights of 5 GiB are loaded in a few MiB', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-large-pretrained-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const type = { dtype: 'F32', shape: [rows + 3, 1024] } as const;
  const header = encodeHeader([['model.embed_tokens.weight', type]]).bytes;
  await writeFile(join(folder, oneFile), header);
  await truncate(join(folder, oneFile), header.byteLength + (rows + 3) * 4096);
  const source = new FileTensors(await folderTensors(folder, [oneFile]));
  const state = new CountedState();
  await loadPretrained('item_llm', source, state);
  await source.close();
  assert.deepEqual(state.written, [{ begin: 64, end: 64 + 5 * gibibyte }]);
  const peak = process.resourceUsage().maxRSS * 1024;
  assert.ok(peak < 400 * 2 ** 20, `${peak} bytes of memory were used`);
});
