/** Kubernetes' own forms of names and amounts, as leaves of the job spec. */
import { z } from 'zod';
import { listOf, mapOf, text } from '../fields.js';

const nameRule = 'a name of at most 253 lower-case letters, digits, "-" and "."';
const namePattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Of another object in the job's namespace. */
export const objectName = (description: string) => text(namePattern, 253, nameRule, description);

export const objectNames = (most: number, description: string) =>
  listOf(
    z.string().max(253).regex(namePattern).meta({ rule: nameRule }),
    most,
    `a list of at most ${most} names of objects`,
    description,
  );

/** Of a label, an annotation or a resource. */
const qualifiedPattern =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const qualified = z.string().max(317).regex(qualifiedPattern);
/** Beside others in a mapping. */
export const qualifiedName = qualified.meta({ rule: 'a name such as nvidia.com/gpu' });

const labelValuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
export const labelValue = z.string().max(63).regex(labelValuePattern).meta({
  rule: 'at most 63 letters, digits, "-", "_" and ".", with a letter or digit at both ends',
});

export const labels = (description: string) =>
  mapOf(
    { name: qualified, value: labelValue, most: 64 },
    'a mapping of at most 64 label names to label values',
    description,
  );

/** Of all annotations together Kubernetes takes 256 KiB; what it adds itself is the larger part of that. */
export const annotations = (longest: number, description: string) =>
  mapOf(
    { name: qualified, value: z.string().max(longest), most: 64 },
    `a mapping of at most 64 names to texts of at most ${longest} characters`,
    description,
  );

/** `500m`, `2`, `1.5Gi`: not negative. */
const quantityPattern =
  /^([0-9]{1,18}(\.[0-9]{0,9})?|\.[0-9]{1,9})(m|k|Ki|Mi?|Gi?|Ti?|Pi?|Ei?|[eE][-+]?[0-9]{1,2})?$/;
const longestQuantity = 32;

const powers: Readonly<Record<string, number>> = {
  m: 1e-3,
  ...Object.fromEntries([...'kMGTPE'].map((letter, at) => [letter, 1000 ** (at + 1)])),
  ...Object.fromEntries([...'KMGTPE'].map((letter, at) => [`${letter}i`, 1024 ** (at + 1)])),
};

/** As a number, to compare two of them. */
export function quantityValue(quantity: string): number {
  const [, number, unit] = /^([0-9.]+)([A-Za-z]*|[eE][-+]?[0-9]+)$/.exec(quantity) ?? [];
  // `1E` is an exa, `1E3` a thousand.
  if (unit === undefined || /[0-9]/.test(unit)) return Number(quantity);
  return Number(number) * (powers[unit] ?? 1);
}

/** YAML reads `cpu: 2` as a number, which is how most people write it. */
const numberOrText = z
  .union([
    z.int().min(0).max(1_000_000_000),
    z.string().max(longestQuantity).regex(quantityPattern),
  ])
  .transform(String);
const quantityRule = 'a quantity such as 500m, 2 or 1.5Gi';

export const quantity = (description: string) =>
  numberOrText.meta({ description, rule: quantityRule });

export const quantities = (description: string) =>
  mapOf(
    { name: qualified, value: numberOrText.meta({ rule: quantityRule }), most: 16 },
    'a mapping of at most 16 resources to quantities such as 500m, 2 or 1.5Gi',
    description,
  );
