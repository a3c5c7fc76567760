/** A namespace of its own for one case, with the data and the checkpoints that its jobs use. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suiteJob } from './job.js';
import { apply, get, type KubernetesObject, kubectl, until } from './kubectl.js';

export interface SceneParts {
  readonly name: string;
  /** Seen from every node under the same path. */
  readonly folder: string;
  /** The built dataset. */
  readonly dataset: string;
  /** A package index that has what the dataset is built from. */
  readonly index: string;
  /** Steps of a job -> what the undisturbed run on one machine came to. */
  readonly weights: Readonly<Record<number, string>>;
}

export interface JobChanges {
  readonly spec?: object;
  readonly kubernetes?: object;
  readonly labels?: Record<string, string>;
}

const dataPath = '/data';

export class Scene {
  readonly namespace: string;
  readonly #parts: SceneParts;

  private constructor(parts: SceneParts) {
    this.#parts = parts;
    this.namespace = `case-${parts.name}`;
  }

  static async open(parts: SceneParts): Promise<Scene> {
    const scene = new Scene(parts);
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: scene.namespace, labels: restricted },
    });
    const checkpoints = join(parts.folder, 'checkpoints', parts.name);
    mkdirSync(checkpoints, { recursive: true });
    // Pods are another user than the one who runs the suite.
    chmodSync(checkpoints, 0o777);
    await scene.volume('data', parts.dataset, 'ReadOnlyMany');
    await scene.volume('checkpoints', checkpoints, 'ReadWriteMany');
    return scene;
  }

  /** A claim, and by hand the volume that it is bound to: a test cluster provisions none. */
  async volume(name: string, path: string, mode: string): Promise<void> {
    const volumeName = `${this.namespace}-${name}`;
    const common = {
      accessModes: [mode],
      storageClassName: '',
    };
    await apply(
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: volumeName, labels: { 'lockstep-suite': this.namespace } },
        spec: { ...common, capacity: { storage: '1Gi' }, hostPath: { path } },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace: this.namespace },
        spec: { ...common, volumeName, resources: { requests: { storage: '1Gi' } } },
      },
    );
  }

  /** For what a case writes; gone with the suite. */
  get folder(): string {
    return this.#parts.folder;
  }

  /** Launches a job of the suite. */
  async launch(name: string, steps: number, wish: JobChanges = {}): Promise<LaunchedJob> {
    await apply(this.job(name, steps, wish));
    return new LaunchedJob(this, name, steps);
  }

  /** A job of the suite. `spec` is laid over its own, section by section. */
  job(name: string, steps: number, { spec = {}, kubernetes = {}, labels = {} }: JobChanges = {}) {
    const more = {
      kubernetes: {
        data: { claimName: 'data', mountPath: dataPath },
        checkpoints: { claim: { name: 'checkpoints', subPath: name } },
        ...kubernetes,
      },
      ...spec,
    };
    const job = suiteJob({ name, steps, data: dataPath, more });
    job.metadata = { name, namespace: this.namespace, labels };
    return job;
  }

  get indexFolder(): string {
    return this.#parts.index;
  }

  expectedWeights(steps: number): string {
    const weights = this.#parts.weights[steps];
    assert.ok(weights !== undefined, `no undisturbed run of ${steps} steps`);
    return weights;
  }

  async close(): Promise<void> {
    await kubectl(['delete', 'namespace', this.namespace, '--wait=false']);
    await kubectl(['delete', 'pv', '-l', `lockstep-suite=${this.namespace}`, '--wait=false']);
    rmSync(join(this.#parts.folder, 'checkpoints', this.#parts.name), {
      recursive: true,
      force: true,
    });
  }
}

export class LaunchedJob {
  readonly scene: Scene;
  readonly name: string;
  readonly #steps: number;

  constructor(scene: Scene, name: string, steps: number) {
    this.scene = scene;
    this.name = name;
    this.#steps = steps;
  }

  get #words(): string[] {
    return ['-n', this.scene.namespace];
  }

  until<Found>(
    what: string,
    found: (job: KubernetesObject) => Found | null | undefined | false,
    seconds = 180,
  ): Promise<Found> {
    const unlessOver = (job: KubernetesObject): Found | null | undefined | false => {
      const { status } = job;
      assert.notEqual(conditionOf(status, 'Failed')?.status, 'True', JSON.stringify(status));
      const result = found(job);
      const isMissed = !result && conditionOf(status, 'Complete')?.status === 'True';
      assert.ok(!isMissed, `complete before it was seen: ${what}: ${JSON.stringify(status)}`);
      return result;
    };
    return until([...this.#words, 'trainingjob', this.name], what, unlessOver, seconds);
  }

  /** Until it has committed so many steps. */
  reachesStep(step: number, seconds = 180): Promise<number> {
    const at = (job: KubernetesObject): number | false =>
      (job.status?.step ?? 0) >= step && job.status.step;
    return this.until(`step ${step}`, at, seconds);
  }

  reachesState(state: string, seconds = 180): Promise<KubernetesObject> {
    return this.until(`state ${state}`, (job) => job.status?.state === state && job, seconds);
  }

  /** Until it trains with exactly these many workers. */
  trainsWith(workers: number, seconds = 180): Promise<KubernetesObject> {
    return this.until(
      `${workers} workers training`,
      (job) => job.status?.workers?.training === workers && job,
      seconds,
    );
  }

  /** Until it is complete, with the weights of the run that nothing disturbed. */
  async completes(seconds = 400): Promise<KubernetesObject> {
    const job = await this.until(
      'complete',
      ({ status }) => conditionOf(status, 'Complete')?.status === 'True' && { status },
      seconds,
    );
    assert.equal(job.status.weightsSha256, this.scene.expectedWeights(this.#steps));
    assert.equal(job.status.step, this.#steps);
    return job;
  }

  async pods(component: 'coordinator' | 'worker'): Promise<KubernetesObject[]> {
    const labels = `lockstep.dev/job=${this.name},app.kubernetes.io/component=${component}`;
    const { items } = await get(...this.#words, 'pods', '-l', labels);
    return items;
  }

  /** One that runs, and is not leaving. */
  async runningPod(component: 'coordinator' | 'worker', node?: string): Promise<KubernetesObject> {
    const pods = await this.pods(component);
    const pod = pods.find(
      ({ metadata, status, spec }) =>
        status.phase === 'Running' &&
        metadata.deletionTimestamp === undefined &&
        (node === undefined || spec.nodeName === node),
    );
    assert.ok(pod !== undefined, `no ${component} of ${this.name} runs`);
    return pod;
  }

  patch(change: object): Promise<string> {
    const words = ['patch', 'trainingjob', this.name, '--type=merge', '-p', JSON.stringify(change)];
    return kubectl([...this.#words, ...words]);
  }

  kubectl(...words: readonly string[]): Promise<string> {
    return kubectl([...this.#words, ...words]);
  }
}

export const conditionOf = (status: KubernetesObject, type: string): KubernetesObject =>
  status?.conditions?.find((condition: KubernetesObject) => condition.type === type);
