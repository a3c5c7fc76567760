/**
 * A pretrained model decides the shapes of its tower, and the controller cannot open it. The rules of the
 * job are checked with shapes that keep all of them; the coordinator's pod checks the true ones.
 */
import { towers } from '../../shared/job-spec/rules/pretrained-fields.js';

type Mapping = Readonly<Record<string, unknown>>;

/** Any layer may be the last that trains. */
const mostLayers = 256;

export function withShapesOfPretrained(job: Mapping): Mapping {
  const spec = mappingOf(job.spec);
  const model = mappingOf(spec.model);
  const sections = { item: mappingOf(model.item), user: mappingOf(model.user) };
  // What is refused of another kind than a mapping is refused as it is.
  const changed = towers.filter((tower) => isMapping(sections[tower].pretrained));
  if (changed.length === 0) return job;
  const result: Record<string, unknown> = { ...model };
  for (const tower of changed) {
    const other = sections[tower === 'item' ? 'user' : 'item'];
    const { pretrained, train } = sections[tower];
    const hiddenSize = isMapping(other.pretrained) ? undefined : other.hiddenSize;
    result[tower] = {
      pretrained,
      ...(train !== undefined && { train }),
      ...(hiddenSize !== undefined && { hiddenSize }),
      heads: 1,
      layers: mostLayers,
    };
  }
  return { ...job, spec: { ...spec, model: result } };
}

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mappingOf = (value: unknown): Mapping => (isMapping(value) ? value : {});
