/** A server that answers as MLflow documents its REST API. */
import { type JsonAnswer, type JsonCall, JsonServerFixture } from '../json-server-fixture.js';
import type { MlflowMetric, MlflowPair } from './mlflow-api.js';

interface KeptRun {
  readonly run_id: string;
  readonly experiment_id: string;
  readonly name: string;
  readonly start_time: number;
  readonly tags: readonly MlflowPair[];
  status: string;
  end_time: number | null;
  readonly metrics: MlflowMetric[];
  readonly params: Map<string, string>;
}

interface Call {
  readonly name: string;
  readonly authorization: string | undefined;
}

class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Of all calls together. */
interface Body {
  readonly experiment_name?: string;
  readonly experiment_id?: string;
  readonly experiment_ids?: readonly string[];
  readonly filter?: string;
  readonly name?: string;
  readonly run_name?: string;
  readonly start_time?: number;
  readonly run_id?: string;
  readonly tags?: readonly MlflowPair[];
  readonly status?: string;
  readonly end_time?: number;
  readonly metrics?: readonly MlflowMetric[];
  readonly params?: readonly MlflowPair[];
}

/** The only calls that are no POST. */
const reads: ReadonlySet<string> = new Set(['experiments/get-by-name']);

export class MlflowServerFixture extends JsonServerFixture {
  readonly experiments = new Map<string, string>();
  readonly runs: KeptRun[] = [];
  readonly calls: Call[] = [];

  protected override answer({ body, headers, method, path, query }: JsonCall): JsonAnswer {
    const name = path.replace('/api/2.0/mlflow/', '');
    this.calls.push({ name, authorization: headers.authorization });
    try {
      if (reads.has(name) !== (method === 'GET')) {
        throw new ApiError(405, 'METHOD_NOT_ALLOWED', method);
      }
      const said = method === 'GET' ? Object.fromEntries(query) : body;
      return { status: 200, body: this.#call(name, said as Body) };
    } catch (error) {
      const { status = 500, code = 'INTERNAL_ERROR', message } = error as ApiError;
      if (code !== 'RESOURCE_DOES_NOT_EXIST') this.complaints.push(`${method} ${path}: ${message}`);
      return { status, body: { error_code: code, message } };
    }
  }

  #call(name: string, body: Body): object {
    switch (name) {
      case 'experiments/get-by-name': {
        const id = this.experiments.get(body.experiment_name ?? '');
        if (id === undefined) throw new ApiError(404, 'RESOURCE_DOES_NOT_EXIST', 'no experiment');
        return { experiment: { experiment_id: id } };
      }
      case 'experiments/create': {
        const id = String(this.experiments.size + 1);
        this.experiments.set(body.name ?? '', id);
        return { experiment_id: id };
      }
      case 'runs/search':
        return { runs: this.runs.filter((run) => matches(run, body)).map(shown) };
      case 'runs/create':
        return { run: shown(this.#create(body)) };
      case 'runs/log-batch':
        this.#log(this.#run(body), body);
        return {};
      case 'runs/update': {
        const run = this.#run(body);
        Object.assign(run, { status: body.status, end_time: body.end_time ?? null });
        return { run_info: shown(run).info };
      }
      default:
        throw new ApiError(404, 'ENDPOINT_NOT_FOUND', name);
    }
  }

  #create(body: Body): KeptRun {
    const { experiment_id = '', run_name = '', start_time = 0, tags = [] } = body;
    const run = {
      ...{ run_id: `r${this.runs.length}`, experiment_id, name: run_name, start_time, tags },
      ...{ status: 'RUNNING', end_time: null, metrics: [], params: new Map<string, string>() },
    };
    this.runs.push(run);
    return run;
  }

  #run({ run_id }: Body): KeptRun {
    const found = this.runs.find((run) => run.run_id === run_id);
    if (found === undefined) throw new ApiError(404, 'RESOURCE_DOES_NOT_EXIST', 'no run');
    return found;
  }

  #log(run: KeptRun, { metrics = [], params = [] }: Body): void {
    const wrong = metrics.find(({ key }) => !/^[/\w.\- ]*$/.test(key));
    if (wrong !== undefined) throw new ApiError(400, 'INVALID_PARAMETER_VALUE', wrong.key);
    if (metrics.length > 1000 || params.length > 100) {
      throw new ApiError(400, 'INVALID_PARAMETER_VALUE', 'too many');
    }
    for (const { key, value } of params) {
      if ((run.params.get(key) ?? value) !== value) {
        throw new ApiError(400, 'INVALID_PARAMETER_VALUE', `${key} was set`);
      }
      run.params.set(key, value);
    }
    for (const metric of metrics) {
      // Its primary key: the same point again is no second one.
      const isThere = run.metrics.some(
        ({ key, value, timestamp, step }) =>
          key === metric.key &&
          value === metric.value &&
          timestamp === metric.timestamp &&
          step === metric.step,
      );
      if (!isThere) run.metrics.push(metric);
    }
  }
}

const matches = (run: KeptRun, { experiment_ids = [], filter = '' }: Body): boolean => {
  const [, tag, value] = /^tags\.`(.+)` = '(.+)'$/.exec(filter) ?? [];
  const isTagged = run.tags.some((found) => found.key === tag && found.value === value);
  return isTagged && experiment_ids.includes(run.experiment_id);
};

/** Of each metric the newest point. */
function shown({ run_id, experiment_id, status, metrics, params }: KeptRun) {
  const newest = new Map<string, MlflowMetric>();
  for (const metric of metrics) {
    if (metric.step >= (newest.get(metric.key)?.step ?? 0)) newest.set(metric.key, metric);
  }
  // Numbers of 64 bits are text in its JSON on some servers.
  const shownMetrics = [...newest.values()].map(({ key, step }) => ({ key, step: String(step) }));
  const pairs = [...params].map(([key, value]) => ({ key, value }));
  return {
    info: { run_id, experiment_id, status },
    data: { metrics: shownMetrics, params: pairs },
  };
}
