/** Programs that are told what a run's history says: docs/history.md. None of it decides the weights. */
import { z } from 'zod';
import { flag, text } from '../fields.js';

const address = (description: string) =>
  text(
    /^https?:\/\/[A-Za-z0-9.:[\]-]+(\/[A-Za-z0-9._~/-]*)?$/,
    512,
    'an address such as http://host:port, without a user or a password',
    description,
  );

const project = (description: string) =>
  text(
    /^[A-Za-z0-9]([A-Za-z0-9 ._/-]{0,126}[A-Za-z0-9])?$/,
    128,
    'a name of at most 128 letters, digits, spaces and "._/-"',
    description,
  ).optional();

export const history = z.strictObject({
  tensorboard: flag(
    false,
    'Writes event files for TensorBoard into `tensorboard/` of the run’s folder.',
  ),
  mlflow: z
    .strictObject({
      url: address(
        'The tracking server. Who may write there is said by `MLFLOW_TRACKING_TOKEN`, or ' +
          '`MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, in the environment.',
      ),
      experiment: project(
        'The experiment, which is made where it is missing; the job’s name where it is left out.',
      ),
    })
    .optional()
    .meta({ description: 'Tells an MLflow tracking server, by its REST API.' }),
  trackio: z
    .strictObject({
      url: address(
        'A trackio server. Its write token is said by `TRACKIO_WRITE_TOKEN` in the environment.',
      ),
      project: project('The project; the job’s name where it is left out.'),
    })
    .optional()
    .meta({ description: 'Tells a trackio server, by its HTTP API.' }),
  otlp: z
    .strictObject({
      url: address(
        'Where OTLP is taken as JSON over HTTP: `/v1/metrics` and `/v1/traces` are added. Headers are said by ' +
          '`OTEL_EXPORTER_OTLP_HEADERS` in the environment.',
      ),
    })
    .optional()
    .meta({
      description:
        'Tells a collector of OpenTelemetry: curves as metrics, and the phases of all workers as traces.',
    }),
});
