import type { Scene } from './scene.js';

/** What a cluster must offer besides two nodes. */
export type Need = 'kueue' | 'gpus' | 'nodes-to-lose';

export interface KubernetesCase {
  /** `--only` takes it. */
  readonly name: string;
  /** What users are promised. */
  readonly title: string;
  readonly needs?: readonly Need[];
  /** Steps of the jobs whose weights it compares with those of undisturbed runs. */
  readonly compares: readonly number[];
  readonly run: (scene: Scene) => Promise<void>;
}
