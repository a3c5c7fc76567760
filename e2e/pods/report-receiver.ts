/** Whoever started a job, as its leader's reports reach it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  decodeJobReport,
  isNewerReport,
  type JobReport,
} from '../../shared/messages/job-report.js';
import { hasSeal } from '../../shared/messages/job-report-seal.js';

export class ReportReceiver {
  /** Those that count, in the order in which they came. */
  readonly taken: JobReport[] = [];
  readonly uid = '3a7c1f0e-8a55';
  readonly #key: Uint8Array;
  readonly #server: Server;
  refused = 0;
  /** Answers nobody while it is away. */
  isAway = false;

  constructor(key: Uint8Array) {
    this.#key = key;
    this.#server = createServer(async (request, response) => {
      const body = await buffer(request);
      if (this.isAway) return void request.socket.destroy();
      const isOurs =
        request.url === `/v1/reports/team/small/${this.uid}` &&
        hasSeal(request.headers.authorization, this.#key, body);
      const report = decodeJobReport(body);
      const isNew = isNewerReport(report, this.taken.at(-1) ?? null);
      if (isOurs && isNew) this.taken.push(report);
      else this.refused++;
      response.writeHead(isOurs && isNew ? 204 : 409).end();
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/v1/reports/team/small/${this.uid}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
