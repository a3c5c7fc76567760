/** The verdict of an audit, as people read it. Pure. */
import type { AuditOutcome } from './audit-run.js';

/** Lines of differences that a person reads; `--json` has more. */
const shownMax = 20;

export function auditText({ run, dataset, audited, differences }: AuditOutcome): string {
  const { count } = differences;
  const verdict =
    count === 0 ? 'passed' : `FAILED: ${count === 1 ? '1 difference' : `${count} differences`}`;
  const shown = differences.kept.slice(0, shownMax).map(({ step, text }) => {
    const where = step === null ? '' : `step ${step}: `;
    return `  ${where}${text}`;
  });
  const left = count - shown.length;
  return [
    `${run}: ${verdict}`,
    ...shown,
    ...(left > 0 ? [`  and ${left} more`] : []),
    '',
    ...(audited === null
      ? [`dataset      ${dataset} is damaged: nothing else was compared`]
      : rows(audited, dataset, count === 0)),
  ].join('\n');
}

type Audited = NonNullable<AuditOutcome['audited']>;

/** @param isPassed what nothing has been found against is claimed only where nothing was found at all */
function rows(audited: Audited, dataset: string, isPassed: boolean): string[] {
  const claim = (text: string): string => (isPassed ? text : '');
  const { summary, recomputed, checkpoint, checkpointsAway, comparedBytes, end } = audited;
  const { steps, totalSteps, epochs, openSteps, users, sequences } = summary;
  const { generations, resumed, trainedAgain, members, plans } = summary;
  const open = openSteps === 0 ? '' : `, and ${number(openSteps)} steps of one that is not over`;
  const again = trainedAgain === 0 ? '' : `, ${counted(trainedAgain, 'step')} trained again`;
  const table: readonly (readonly [string, string])[] = [
    ['steps', `${number(steps)} of ${number(totalSteps)}${claim(', each once and in order')}`],
    ['epochs', `${number(epochs)} in which every sequence was trained exactly once${open}`],
    ['users', `${number(users)}, with ${number(sequences)} sequences an epoch`],
    ['members', `${members.join(', ')}, in ${counted(generations, 'generation')}`],
    ['resumed', `${counted(resumed, 'time')}${again}`],
    ...(isPassed ? ([['states', 'the members agreed on the hash of every step']] as const) : []),
    [
      'plans',
      recomputed ? `${number(plans)} computed again and equal` : 'not computed again (--recompute)',
    ],
    ['dataset', `${dataset}${claim(', every byte as it was imported')}`],
    [
      'checkpoint',
      checkpointsAway === null
        ? checkpointText(checkpoint, comparedBytes, steps)
        : `weights not compared: ${checkpointsAway}`,
    ],
    ['end', end ?? 'none: the run lasts, or was killed'],
  ];
  return table.map(([name, value]) => `${name.padEnd(12)} ${value}`);
}

const number = (value: number): string => value.toLocaleString('en');

const counted = (count: number, what: string): string =>
  `${number(count)} ${what}${count === 1 ? '' : 's'}`;

function checkpointText(
  checkpoint: Audited['checkpoint'],
  comparedBytes: number | null,
  steps: number,
): string {
  if (checkpoint === null) return 'none';
  const { committedSteps, weightsSha256 } = checkpoint;
  const of = `step ${number(committedSteps)}, weights ${weightsSha256.slice(0, 16)}...`;
  if (committedSteps > steps) return `${of}; the ledger has not heard of its last steps yet`;
  if (comparedBytes === null) return `${of}; the ledger has no hash of its state`;
  return `${of}; ${number(comparedBytes)} bytes of its state have the hash that the members agreed on`;
}
