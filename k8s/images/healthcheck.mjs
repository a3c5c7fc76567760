/**
 * Whether the process of this container is well, for engines that ask (Kubernetes has probes of its
 * own): asks /healthz where the process serves it. Exit codes: 0 well, 1 not.
 */
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { pathToFileURL } from 'node:url';

const timeoutMs = 3000;

/**
 * @param words the process's command line
 * @param environment that of the container
 * @returns what to ask, or null where the process serves nothing: then it is well while it lives
 */
export function questionFor(words, environment) {
  const port = optionOf(words, '--metrics-port');
  if (port === null || port === '0') return null;
  const tokenFile = environment.LOCKSTEP_METRICS_TOKEN_FILE || null;
  return { port: Number(port), tls: Boolean(environment.LOCKSTEP_HTTP_TLS_CERT_FILE), tokenFile };
}

function optionOf(words, name) {
  const joined = words.find((word) => word.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = words.indexOf(name);
  return at < 0 ? null : (words[at + 1] ?? null);
}

/** @returns the status of the answer; null for none in time */
const ask = ({ port, tls, tokenFile }) =>
  new Promise((resolve) => {
    const headers =
      tokenFile === null
        ? {}
        : { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
    // To ourselves, on loopback: there is no name to check the certificate against.
    const where = { host: '127.0.0.1', port, path: '/healthz', headers, rejectUnauthorized: false };
    const request = (tls ? requestTls : requestPlain)(
      { ...where, timeout: timeoutMs },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? null);
      },
    );
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(null));
    request.end();
  });

async function main() {
  // The entry point is the container's first process.
  const words = readFileSync('/proc/1/cmdline', 'utf8').split('\0');
  const question = questionFor(words, process.env);
  return question === null || (await ask(question)) === 200 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exit(await main());
