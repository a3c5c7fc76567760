/** A run's result, for people. */
import type { ShownResult } from '../../../shared/history/result-of-line.js';
import { compact } from '../display/progress-line.js';
import { shownPath } from '../text/shown-path.js';

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
    // As many characters as a usual terminal has.
    `weights sha256  ${result.weightsSha256}`,
    `checkpoint       ${result.checkpoint === null ? '-' : shownPath(result.checkpoint, process.cwd())}`,
  ];
  const { best } = result;
  if (best !== null) {
    const { metric, value, committedSteps, checkpoint } = best;
    lines.push(
      `best checkpoint  ${checkpoint && shownPath(checkpoint, process.cwd())}`,
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
