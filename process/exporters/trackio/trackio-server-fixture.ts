/** A server that answers as trackio 0.43 does: an entry once by its id, 400 without the token. */
import { type JsonAnswer, type JsonCall, JsonServerFixture } from '../json-server-fixture.js';

export interface TrackioEntry {
  readonly project: string;
  readonly run: string;
  readonly run_id: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly step: number;
  readonly log_id: string;
  readonly config: Readonly<Record<string, string>>;
}

interface Body {
  readonly logs?: readonly TrackioEntry[];
  readonly run_id?: string;
}

export class TrackioServerFixture extends JsonServerFixture {
  /** By id, in the order in which they came. */
  readonly entries = new Map<string, TrackioEntry>();
  /** Null: it takes entries without one. */
  readonly #token: string | null;

  constructor(token: string | null = null) {
    super();
    this.#token = token;
  }

  protected override answer({ body, headers, path }: JsonCall): JsonAnswer {
    const { logs = [], run_id } = body as Body;
    switch (path) {
      case '/api/get_run_summary':
        return { status: 200, body: { data: { last_step: this.#lastStep(run_id) } } };
      case '/api/bulk_log':
        if (this.#token !== null && headers['x-trackio-write-token'] !== this.#token) {
          return { status: 400, body: { error: 'A write_token is required' } };
        }
        for (const entry of logs) {
          if (!this.entries.has(entry.log_id)) this.entries.set(entry.log_id, entry);
        }
        return { status: 200, body: { data: null } };
      default:
        this.complaints.push(path);
        return { status: 404, body: { error: path } };
    }
  }

  #lastStep(run: string | undefined): number | null {
    const ofRun = [...this.entries.values()].filter(({ run_id }) => run_id === run);
    return ofRun.length === 0 ? null : Math.max(...ofRun.map(({ step }) => step));
  }
}
