import type { Scene } from './scene.js';

/** What a cluster must offer besides its nodes. */
export type Need = 'kueue' | 'gpus' | 'nodes-to-lose';

export interface KubernetesCase {
  /** `--only` takes it. */
  readonly name: string;
  /** What users are promised. */
  readonly title: string;
  readonly needs?: readonly Need[];
  /** Nodes that it is about; one where it leaves them alone. */
  readonly nodes?: number;
  /** Steps of the jobs whose weights it compares with those of undisturbed runs. */
  readonly compares: readonly number[];
  readonly run: (scene: Scene) => Promise<void>;
}
