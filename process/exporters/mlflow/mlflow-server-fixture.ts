/** A server that answers as MLflow documents its REST API, over HTTP, and can be made to fail. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { MlflowMetric, MlflowPair } from './mlflow-api.js';

interface KeptRun {
  readonly run_id: string;
  readonly experiment_id: string;
  readonly name: string;
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
  readonly run_id?: string;
  readonly tags?: readonly MlflowPair[];
  readonly status?: string;
  readonly end_time?: number;
  readonly metrics?: readonly MlflowMetric[];
  readonly params?: readonly MlflowPair[];
}

export class MlflowServerFixture {
  readonly experiments = new Map<string, string>();
  readonly runs: KeptRun[] = [];
  readonly calls: Call[] = [];
  /** Statuses of the next answers, in place of the right ones. */
  readonly failures: number[] = [];
  /** The next batch is kept, and the answer that says so is lost. */
  losesAnswer = false;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://server');
    const name = url.pathname.replace('/api/2.0/mlflow/', '');
    this.calls.push({ name, authorization: request.headers.authorization });
    const said = await text(request);
    const failure = this.failures.shift();
    if (failure !== undefined) {
      response.writeHead(failure).end('{"error_code": "TEMPORARILY_UNAVAILABLE"}');
      return;
    }
    try {
      const body = said === '' ? Object.fromEntries(url.searchParams) : JSON.parse(said);
      const answer = this.#call(name, body as Body);
      if (this.losesAnswer) {
        this.losesAnswer = false;
        response.destroy();
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch (error) {
      const { status = 500, code = 'INTERNAL_ERROR', message } = error as ApiError;
      response.writeHead(status).end(JSON.stringify({ error_code: code, message }));
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
    const { experiment_id = '', run_name = '', tags = [] } = body;
    const run = {
      ...{ run_id: `r${this.runs.length}`, experiment_id, name: run_name, tags },
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
