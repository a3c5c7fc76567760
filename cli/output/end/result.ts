/** A run's result, for people. */
import type { ShownResult } from '../../../shared/history/result-of-line.js';
import { compact } from '../display/progress-line.js';

const liveText = (live: ShownResult['liveNegatives']): string =>
  live === null
    ? '-'
    : `${compact(live.mean)} on average, ${compact(live.least)} at least ` +
      `(${compact(live.leastOfRun)} at least in the whole run)`;

/** Without the table of metrics. */
export function resultText(result: ShownResult): string {
  const lines = [
    `committed steps  ${result.committedSteps}`,
    `final loss       ${result.finalLoss === null ? '-' : result.finalLoss.toFixed(6)}`,
    `live negatives   ${liveText(result.liveNegatives)}`,
    `weights sha256   ${result.weightsSha256}`,
    `checkpoint       ${result.checkpoint ?? '-'}`,
  ];
  const { best } = result;
  if (best !== null) {
    const { metric, value, committedSteps, checkpoint } = best;
    lines.push(
      `best checkpoint  ${checkpoint}`,
      `                 (validation ${metric} ${value.toFixed(4)} after step ${committedSteps})`,
    );
    if (result.endedEarly) {
      const { evaluationsSince: since } = best;
      const when = since === undefined ? 'any more' : `in ${since} evaluations`;
      lines.push(`ended early      ${metric} did not improve ${when}`);
    }
  }
  return lines.join('\n');
}
