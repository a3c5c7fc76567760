import type { Scene } from './scene.js';

/** What a cluster must offer besides two nodes. */
export type Need = 'kueue' | 'gpus' | 'nodes-to-lose';

export interface KubernetesCase {
  /** `--only` takes it. */
  readonly name: string;
  /** What users are promised. */
  readonly title: string;
  readonly needs?: readonly Need[];
  /** It looks at no result: no undisturbed run has to be made for it. */
  readonly comparesNothing?: true;
  readonly run: (scene: Scene) => Promise<void>;
}
