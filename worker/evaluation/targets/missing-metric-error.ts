/** The validation split has no such metric: nothing can be the best by it. */
export class MissingMetricError extends Error {
  override readonly name = 'MissingMetricError';
  readonly code = 'METRIC_MISSING';

  constructor(metric: string) {
    super(
      `Cannot keep the best checkpoint by ${metric}: the validation split has none, because its targets ` +
        'are all wanted or all unwanted: checkpoint.best should be another metric',
    );
  }
}
