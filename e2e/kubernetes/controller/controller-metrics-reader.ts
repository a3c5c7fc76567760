/** Numbers out of a controller's /metrics. */
export interface ControllerNumbers {
  readonly requests: number;
  /** By method. */
  readonly methods: Readonly<Record<string, number>>;
  readonly memory: number;
  readonly cpuSeconds: number;
  readonly queueDepth: number;
  readonly running: number;
  readonly errors: number;
}

export async function readControllerMetrics(port: number): Promise<ControllerNumbers> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sum = (name: string, label = ''): number =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  const methods = Object.fromEntries(
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [
      method,
      sum('lockstep_controller_api_requests_total', `method="${method}"`),
    ]),
  );
  return {
    methods,
    requests: sum('lockstep_controller_api_requests_total'),
    memory: sum('process_resident_memory_bytes'),
    cpuSeconds: sum('process_cpu_seconds_total'),
    queueDepth: sum('lockstep_controller_queue_depth'),
    running: sum('lockstep_controller_jobs', 'state="Running"'),
    errors: sum('lockstep_controller_reconcile_errors_total'),
  };
}
