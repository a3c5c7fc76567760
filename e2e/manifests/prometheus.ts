/** A real Prometheus that watches processes of this machine; Debian: prometheus. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stringify } from 'yaml';
import { z } from 'zod';

/** False where it is there; else why its tests are skipped. */
export const withoutPrometheus: string | false =
  spawnSync('prometheus', ['--version']).error === undefined
    ? false
    : 'prometheus is not on PATH (Debian: apt-get install prometheus)';

const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
});
const rulesAnswer = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            name: z.string(),
            health: z.string(),
            state: z.string(),
            lastError: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
});

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type RuleState = z.output<typeof rulesAnswer>['data']['groups'][number]['rules'][number];

export class Prometheus {
  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.#url = url;
  }

  /** @param targets `127.0.0.1:9400` */
  static async start(
    folder: string,
    targets: readonly string[],
    groups: object,
  ): Promise<Prometheus> {
    mkdirSync(folder);
    const config = join(folder, 'prometheus.yaml');
    writeFileSync(join(folder, 'rules.yaml'), stringify(groups));
    writeFileSync(
      config,
      stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: ['rules.yaml'],
        scrape_configs: [{ job_name: 'lockstep', static_configs: [{ targets }] }],
      }),
    );
    const words = [
      ...['--config.file', config, '--storage.tsdb.path', join(folder, 'data')],
      ...['--web.listen-address', '127.0.0.1:0'],
    ];
    const child = spawn('prometheus', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    for await (const line of createInterface({ input: child.stderr })) {
      const [, address] = /msg="Listening on" address=(\S+)/.exec(line) ?? [];
      if (address !== undefined) {
        child.stderr.resume();
        return new Prometheus(child, `http://${address}`);
      }
      said += `${line}\n`;
    }
    throw new Error(`prometheus does not listen: ${said}`);
  }

  async query(expression: string): Promise<Sample[]> {
    const found = await this.#ask(`query?${new URLSearchParams({ query: expression })}`);
    return answer
      .parse(found)
      .data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  async rules(): Promise<RuleState[]> {
    const { data } = rulesAnswer.parse(await this.#ask('rules'));
    return data.groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    const end = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    await end;
  }

  async #ask(path: string): Promise<unknown> {
    const said = await fetch(`${this.#url}/api/v1/${path}`);
    const body: unknown = await said.json();
    if (!said.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body;
  }
}
