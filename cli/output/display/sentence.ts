/** What is said of an event that happens once. Pure. */

import type {
  ShownBest,
  ShownEvent,
  ShownRecovery,
  ShownRollBack,
} from '../../../shared/history/shown-event.js';
import { isClassificationMetric } from '../../../shared/job-spec/rules/classification-metrics.js';
import type { ReportedMetrics } from '../../../shared/messages/report-fields.js';
import { printableLines } from '../text/printable.js';
import { shownPath } from '../text/shown-path.js';
import { operatorSentence } from './operator-sentence.js';

/**
 * Sentences for the events that happen once; null for those that are shown as progress.
 *
 * @param folder in which whoever reads it is
 */
export function sentence(event: ShownEvent, folder: string): string | null {
  const said = saidOf(event, folder);
  // Names and reasons come from other machines, and from files of other people.
  return said === null ? null : printableLines(said);
}

function saidOf(event: ShownEvent, folder: string): string | null {
  switch (event.kind) {
    case 'started': {
      const from =
        event.resumedFrom === null ? '' : ` from ${shownPath(event.resumedFrom, folder)}`;
      const { firstStep, members, totalSteps } = event;
      const who = workers(members.length);
      return firstStep >= totalSteps
        ? `evaluating step ${firstStep}${from} on ${who}`
        : `training steps ${firstStep + 1} to ${totalSteps}${from} on ${who}`;
    }
    case 'generation':
      return generationSentence(event);
    case 'recovered':
      return recoverySentence(event);
    case 'led':
      return `${event.coordinator} leads the run from here on`;
    case 'notice':
      return event.text;
    case 'checkpointed': {
      const where = shownPath(event.path, folder);
      return `checkpoint of step ${event.committedSteps} in ${where} (${event.seconds.toFixed(1)} s)`;
    }
    case 'validated':
      return validationSentence(event);
    case 'rolled-back':
      return rollBackSentence(event);
    case 'paused':
    case 'went-on':
    case 'asked-checkpoint':
    case 'draining':
    case 'refused-request':
      return operatorSentence(event);
    default:
      return null;
  }
}

function generationSentence(event: Extract<ShownEvent, { kind: 'generation' }>): string {
  const { committedSteps, members, reason } = event;
  const goes = members.length === 1 ? 'goes' : 'go';
  return `${reason}: ${workers(members.length)} ${goes} on after step ${committedSteps}`;
}

const workers = (count: number): string => `${count} ${count === 1 ? 'worker' : 'workers'}`;

/** A planned change says enough by what it has changed. */
function recoverySentence(event: ShownRecovery): string | null {
  if (event.planned) return null;
  const { detectSeconds, reformSeconds, resumeSeconds } = event;
  const all = detectSeconds + reformSeconds + resumeSeconds;
  return (
    `recovered in ${all.toFixed(2)} s: noticed after ${detectSeconds.toFixed(2)} s, ` +
    `formed anew in ${reformSeconds.toFixed(2)} s, training again ${resumeSeconds.toFixed(2)} s later`
  );
}

function rollBackSentence(event: ShownRollBack): string {
  const { committedSteps, falseNegatives, learningRate, reason, rolledBackTo } = event;
  const weights = rolledBackTo === 0 ? 'the first weights' : `the weights of step ${rolledBackTo}`;
  return (
    `training has collapsed after ${committedSteps} steps: ${reason}: it goes on with ${weights}, ` +
    `false negatives by ${falseNegatives} and a learning rate of ${learningRate}`
  );
}

function validationSentence(event: Extract<ShownEvent, { kind: 'validated' }>): string {
  const { best, committedSteps, results } = event;
  const ranks = results.some(({ values }) => values.mrr !== undefined);
  const metric = best?.metric ?? (ranks ? 'mrr' : 'logloss');
  const value = (model: ReportedMetrics['model']): string =>
    results.find((row) => row.model === model)?.values[metric]?.toFixed(4) ?? '-';
  const [baseline, words] = isClassificationMetric(metric)
    ? (['base-rate', 'base rate'] as const)
    : (['popularity', 'popularity'] as const);
  const numbers = `${metric} ${value('hllm')} (${words} ${value(baseline)})`;
  return `validation after step ${committedSteps}: ${numbers}${bestSoFar(best, committedSteps)}`;
}

function bestSoFar(best: ShownBest | null, committedSteps: number): string {
  if (best === null) return '';
  if (best.committedSteps === committedSteps) return ', the best so far';
  return `, the best is ${best.value.toFixed(4)} after step ${best.committedSteps}`;
}
