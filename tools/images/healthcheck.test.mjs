import assert from 'node:assert/strict';
import { it } from 'node:test';
import { questionFor } from '../../k8s/images/healthcheck.mjs';

const words = ['node', '/lockstep/cli/lockstep.mjs', 'worker'];

it('asks where the process serves its metrics, as it was told to', () => {
  assert.deepEqual(questionFor([...words, '--metrics-port', '9401'], {}), {
    port: 9401,
    tls: false,
    tokenFile: null,
  });
  const environment = {
    LOCKSTEP_HTTP_TLS_CERT_FILE: 'a.pem',
    LOCKSTEP_METRICS_TOKEN_FILE: 'token',
  };
  assert.deepEqual(questionFor([...words, '--metrics-port=9401'], environment), {
    port: 9401,
    tls: true,
    tokenFile: 'token',
  });
});

// Would catch: a container killed for not answering on a port that nobody asked it to serve.
it('asks nothing where the port is not known', () => {
  assert.equal(questionFor(words, {}), null);
  assert.equal(questionFor([...words, '--metrics-port', '0'], {}), null);
});
