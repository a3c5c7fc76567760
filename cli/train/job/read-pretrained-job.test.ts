import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { digestWeights, findWeightFiles } from '../../../pretrained/weight-files.js';
import { projectRoot } from '../../../shared/project-root.js';
import { choosePretrained, readPretrainedJob } from './read-pretrained-job.js';

const text = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: { name: test }
spec:
  data: { path: /data }
  model: { item: { pretrained: { path: ../golden/qwen2 } }, user: { hiddenSize: 8 } }
`;

const root = fileURLToPath(projectRoot);
const bases = (...overrides: readonly string[]) => ({
  file: 'pretrained/huggingface/job.yaml',
  overrides,
  workingDirectory: root,
});

// Catches: weights that are looked for beside the working directory, and shapes of another model.
test('a job takes its shapes from the weights that it names', async () => {
  const { item, user } = (await readPretrainedJob(text, bases())).spec.model;
  assert.deepEqual(
    [item.hiddenSize, item.layers, item.attentionBias, user.attentionBias],
    [8, 2, 'qkv', undefined],
  );
  const set = 'model.item.pretrained.path=pretrained/golden/qwen3';
  const other = await readPretrainedJob(text, bases(set));
  assert.equal(other.spec.model.item.queryKeyNorm, true);
  await assert.rejects(readPretrainedJob(text, bases('model.item.pretrained.path=nowhere')), {
    code: 'BAD_PRETRAINED',
    message: /nowhere: there is no such file or folder/,
  });
});

// Catches: other weights than those that the job was written for.
test('the digest is found, and one that is given must be it', async () => {
  const path = `${root}pretrained/golden/qwen2`;
  const sha256 = await digestWeights(await findWeightFiles(path));
  const wish = (...overrides: readonly string[]) =>
    readPretrainedJob(text, bases(`model.item.pretrained.path=${path}`, ...overrides));
  const chosen = await choosePretrained(await wish());
  assert.deepEqual(chosen.spec.model.item.pretrained, { path, sha256 });
  assert.deepEqual(await choosePretrained(chosen), chosen);
  const other = await wish(`model.item.pretrained.sha256="${'a'.repeat(64)}"`);
  await assert.rejects(choosePretrained(other), {
    message: /pretrained.sha256: must be the digest of the weights in .*qwen2, [0-9a-f]{64}/,
  });
});
