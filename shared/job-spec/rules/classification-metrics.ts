/** Metrics of objectives that have targets. */
export const classificationMetrics = ['auc', 'gauc', 'logloss'] as const;
export type ClassificationMetric = (typeof classificationMetrics)[number];

export const isClassificationMetric = (metric: string): metric is ClassificationMetric =>
  classificationMetrics.some((known) => known === metric);

/** Of every other metric, more is better. */
export const isLessBetter = (metric: string): boolean => metric === 'logloss';
