/** Sends one report. A connection each: behind the address may be another receiver by the next one. */
import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';
import { sealOf } from '../../shared/messages/job-report-seal.js';
import type { Millis } from '../../shared/units.js';
import type { ReportOptions } from './report-options.js';

/** It was not taken; the run goes on without. */
export class ReportRefusedError extends Error {
  override readonly name = 'ReportRefusedError';
}

/** @throws Error, where it was not taken within the time */
export function postReport(
  { key, url }: ReportOptions,
  body: Uint8Array,
  timeout: Millis,
): Promise<void> {
  const request = url.protocol === 'https:' ? encrypted : plain;
  return new Promise((resolve, reject) => {
    // Times of this process have fractions, and a signal takes none.
    const signal = AbortSignal.timeout(Math.ceil(timeout));
    const sending = request(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': body.byteLength,
        authorization: sealOf(key, body),
      },
    });
    sending.on('error', (error) =>
      reject(signal.aborted ? new ReportRefusedError(`no answer within ${timeout} ms`) : error),
    );
    sending.on('response', (response) => {
      const { statusCode = 0 } = response;
      // What is said besides is not read.
      response.destroy();
      if (statusCode >= 200 && statusCode < 300) resolve();
      else reject(new ReportRefusedError(`it was answered with ${statusCode}`));
    });
    sending.end(body);
  });
}
