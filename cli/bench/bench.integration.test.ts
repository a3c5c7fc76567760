import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { encodeSafetensors } from '../../shared/safetensors.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
after(() => rmSync(folder, { recursive: true }));

const bench = (...words: string[]) =>
  spawnSync(process.execPath, [program, 'bench', ...words], { encoding: 'utf8' });

/** Three items, two users, one small layer each. */
function writeBatch(prefix: string): void {
  const llm = {
    hidden_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    intermediate_size: 12,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
  };
  const shapes = { vocab_size: 9, max_text_length: 8, item_llm: llm, user_llm: llm };
  writeFileSync(`${prefix}.json`, JSON.stringify({ name: 'tiny', users: 2, ...shapes }));
  const lists = {
    item_tokens: [1, 2, 3, 4, 5, 6],
    item_offsets: [0, 1, 3, 6],
    user_items: [0, 1, 2, 2, 0],
    user_offsets: [0, 3, 5],
    negatives: [0, 2],
  };
  const tensors = Object.entries(lists).map(
    ([name, list]) =>
      [name, { dtype: 'I32', shape: [list.length], data: Int32Array.from(list) }] as const,
  );
  writeFileSync(`${prefix}.safetensors`, encodeSafetensors(new Map(tensors)));
}

// Would catch a field that the benchmark renames, and a table or a script that then shows nothing.
it('measures an engine on a batch that the user brings', () => {
  const prefix = join(folder, 'tiny');
  writeBatch(prefix);
  const { status, stdout, stderr } = bench(prefix, '--engine', 'wasm', '--steps', '1', '--json');
  assert.equal(status, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  const { kind, measurements } = JSON.parse(lines.at(-1) as string);
  assert.equal(kind, 'finished');
  const [{ engine, ...numbers }] = measurements;
  assert.match(engine, /^wasm/);
  for (const name of [
    'step_seconds',
    'users_per_second',
    'tokens_per_second',
    'flops_per_second',
    'matmul_flops_per_second',
    'matmul_share',
    'peak_bytes',
    'host_share',
    'loss',
  ]) {
    assert.ok(numbers[name] > 0, `${name} is ${numbers[name]}`);
  }
  assert.ok(numbers.host_share < 1 && numbers.matmul_share < 1);
});

// Would catch a mistake that is found out only after minutes of measuring, or never.
it('names what it cannot use and ends with 2', () => {
  const batch = bench('nonesuch');
  assert.equal(batch.status, 2);
  assert.match(batch.stderr, /Cannot find the batch "nonesuch": it must be one of small-longtail/);
  const engine = bench('--engine', 'tpu');
  assert.equal(engine.status, 2);
  assert.match(engine.stderr, /--engine must be one of torch.*: current value is tpu/);
});
