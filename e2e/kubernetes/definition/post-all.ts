/**
 * Asks the API server of KUBECONFIG what it says of many objects, without keeping any of them:
 * `post-all.js OBJECTS.json VERDICTS.json`. kubectl would take a process or a second look for each.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { apiGroup, apiVersion, plural } from '../../../k8s/names.js';

/** What it said, or the spec with its defaults. */
export type Verdict = { readonly refused: string } | { readonly accepted: Record<string, unknown> };

const atOnce = 8;

async function main([objectsFile = '', verdictsFile = '']: readonly string[]): Promise<void> {
  const objects: readonly unknown[] = JSON.parse(readFileSync(objectsFile, 'utf8'));
  const config = new KubeConfig();
  config.loadFromDefault();
  const server = new URL(config.getCurrentCluster()?.server ?? '');
  const options: RequestOptions = {
    host: server.hostname,
    port: server.port,
    method: 'POST',
    path: `/apis/${apiGroup}/${apiVersion}/namespaces/kube-system/${plural}?dryRun=All&fieldValidation=Strict`,
    headers: { 'content-type': 'application/json' },
  };
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce, ca, cert, key });
  const verdicts: Verdict[] = [];
  const left = objects.entries();
  const work = async (): Promise<void> => {
    for (const [index, object] of left) verdicts[index] = await post({ ...options, agent }, object);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  agent.destroy();
  writeFileSync(verdictsFile, JSON.stringify(verdicts));
}

function post(options: RequestOptions, object: unknown): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => {
        const { code, message, spec } = JSON.parse(text);
        if (response.statusCode === 201) return resolve({ accepted: spec });
        // Anything else would pass for a refusal of the object.
        if (code !== 400 && code !== 422) return reject(new Error(`${code}: ${message}`));
        resolve({ refused: message });
      });
    });
    sent.once('error', reject);
    sent.end(JSON.stringify(object));
  });
}

await main(process.argv.slice(2));
