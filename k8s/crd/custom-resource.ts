/** The CustomResourceDefinition of training jobs, whose file `training-job.yaml` a test keeps current. */
import { trainingJobSchema } from '../../shared/job-spec/schema.js';
import { apiGroup, apiVersion, plural } from '../names.js';
import { nameOnCluster, nameRule } from './name-on-cluster.js';
import { celText } from './rules/cel.js';
import { ruleTable } from './rules/rule-table.js';
import { inputSchemaOf } from './schema/input-schema.js';
import type { StructuralSchema, ValidationRule } from './schema/schema-types.js';
import { structuralSchema } from './schema/structural-schema.js';
import { trainingJobStatusSchema } from './status-schema.js';

/** Longer ones do not fit the annotation in which `kubectl apply` keeps what it applied. */
export const largestDefinition = 256 * 1024;

export function customResource(): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${apiGroup}`,
      labels: { 'app.kubernetes.io/name': 'lockstep' },
    },
    spec: {
      group: apiGroup,
      scope: 'Namespaced',
      names: {
        kind: 'TrainingJob',
        listKind: 'TrainingJobList',
        plural,
        singular: 'trainingjob',
        shortNames: ['tj'],
        categories: ['all'],
      },
      versions: [
        {
          name: apiVersion,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema() },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.workers.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.selector',
            },
          },
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}

/** Of `kubectl get`; those of priority 1 with `-o wide`. */
const columns = [
  { name: 'State', type: 'string', jsonPath: '.status.state' },
  { name: 'Workers', type: 'string', jsonPath: '.status.workers.summary' },
  { name: 'Step', type: 'integer', jsonPath: '.status.step' },
  { name: 'Loss', type: 'number', jsonPath: '.status.loss' },
  { name: 'Restarts', type: 'integer', jsonPath: '.status.restarts' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Steps', type: 'integer', jsonPath: '.status.totalSteps', priority: 1 },
  {
    name: 'Progress',
    type: 'integer',
    jsonPath: '.status.trainerStatus.progressPercentage',
    priority: 1,
  },
  {
    name: 'Remaining',
    type: 'integer',
    jsonPath: '.status.trainerStatus.estimatedRemainingSeconds',
    priority: 1,
  },
  { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
];

export function objectSchema(): StructuralSchema {
  const { spec } = inputSchemaOf(trainingJobSchema).properties ?? {};
  if (spec === undefined) throw new Error('Cannot make the definition: a job has no spec');
  const used = new Set<string>();
  const converted = structuralSchema(spec, 'spec', {
    rulesAt: (path) => {
      used.add(path);
      return ruleTable[path] ?? [];
    },
    hasDefaults: isSafeDefault,
  });
  const status = structuralSchema(inputSchemaOf(trainingJobStatusSchema), 'status', {
    rulesAt: () => [],
    hasDefaults: () => false,
  });
  const unused = Object.keys(ruleTable).filter((path) => !used.has(path));
  if (unused.length > 0) throw new Error(`No field of the schema has the rules of ${unused}`);
  return {
    type: 'object',
    description:
      'Trains a recommender on workers that may come, go and fail: the weights are the same, however ' +
      'many there are.',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      // Bounded as Kubernetes bounds it: the rule for it would cost too much otherwise.
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 253 } } },
      spec: { description: 'What is trained, and how it runs.', ...converted },
      status: { description: 'Written by the controller.', ...status },
    },
    'x-kubernetes-validations': [nameIsUsable],
  };
}

/**
 * A pretrained model decides the shapes of its tower, and refuses others: a default that is written
 * into the object could not be told from a wish.
 */
const isSafeDefault = (path: string): boolean => !/^spec\.model\.(item|user)\b/.test(path);

const nameIsUsable: ValidationRule = {
  rule: `self.metadata.name.matches(${celText(nameOnCluster.source)})`,
  message: `must be ${nameRule}`,
  fieldPath: '.metadata.name',
};
