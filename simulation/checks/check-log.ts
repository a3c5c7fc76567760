/**
 * Audits a run's log: by nothing but its entries, the dataset's plan and the undisturbed run. Every step
 * stands in it once and in order, by the users of the plan; leaders follow each other and never mix; and
 * what the run came to is what it comes to undisturbed.
 */

import { decodeUsers } from '../../shared/ledger/lane-users.js';
import { type LedgerRecord, ledgerRecord } from '../../shared/ledger/ledger-record.js';
import type { Happening, LogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { StepPlan } from '../../shared/plan/plan.js';
import type { Reference } from '../engine/reference-run.js';

export interface LogExpected {
  readonly plans: readonly StepPlan[];
  readonly reference: Reference;
  readonly totalSteps: number;
  /** A stop was asked for: the run may end before its last step. */
  readonly mayStop: boolean;
}

type Of<Kind extends Happening['kind']> = Extract<Happening, { kind: Kind }>;

/** Empty where all is well; else a sentence for each thing that is not. */
export function checkLog(entries: readonly LogEntry[], expected: LogExpected): string[] {
  const found: string[] = [];
  let fence = 0;
  let recorded = 0;
  let generation = -1;
  let over: Happening | null = null;
  for (const { fence: of, entry } of entries) {
    if (of < fence)
      found.push(`"${entry.kind}" of leader ${of} stands behind entries of leader ${fence}`);
    fence = Math.max(fence, of);
    if (over !== null && entry.kind !== 'notice') {
      found.push(`"${entry.kind}" stands behind the end of the run`);
    }
    switch (entry.kind) {
      case 'generation':
        if (entry.generation < generation) {
          found.push(`generation ${entry.generation} stands behind generation ${generation}`);
        }
        generation = Math.max(generation, entry.generation);
        recorded = rewound(entry, recorded, found);
        break;
      case 'committed':
        checkStep(entry, recorded, expected, found);
        recorded = entry.report.step + 1;
        break;
      case 'finished':
        over = entry;
        checkResult(entry, recorded, expected, found);
        break;
      case 'failed':
        over = entry;
        // Whoever is stopped while nobody trains has no result.
        if (entry.code !== 'STOPPED' || !expected.mayStop) {
          found.push(`the run failed: ${entry.code}: ${entry.message}`);
        }
        break;
      default:
        break;
    }
  }
  if (over === null) found.push('the log has no end of the run');
  return found;
}

/** Where every member was lost, the newest checkpoint counts: the steps behind it are trained again. */
function rewound(
  { planned, position, resumedFrom }: Of<'generation'>,
  recorded: number,
  found: string[],
): number {
  if (position === null) return recorded;
  const { committedSteps } = position;
  if (committedSteps >= recorded) return recorded;
  const isSeed = committedSteps === 0;
  // An older state that a survivor holds is as good as a checkpoint; nobody gives a newer one up for it.
  if (planned && resumedFrom === null && !isSeed) {
    found.push(`a generation goes on from step ${committedSteps}: ${recorded} steps are recorded`);
  }
  return committedSteps;
}

function checkStep(
  { report, ledger }: Of<'committed'>,
  recorded: number,
  { plans, reference }: LogExpected,
  found: string[],
): void {
  const { step } = report;
  if (step !== recorded) found.push(`step ${step} is recorded where step ${recorded} should be`);
  const expected = reference.committed[step]?.slice(0, 16);
  if (report.stateHash.value !== expected) {
    found.push(
      `behind step ${step} the state is ${report.stateHash.value}: undisturbed it is ${expected}`,
    );
  }
  const parsed = ledgerRecord.safeParse(ledger);
  if (!parsed.success) found.push(`step ${step} has no readable record in the ledger`);
  else checkUsers(step, parsed.data, plans[step], found);
}

function checkUsers(
  step: number,
  record: LedgerRecord,
  plan: StepPlan | undefined,
  found: string[],
): void {
  const users = record.lanes.flatMap((lane) => [...(decodeUsers(lane.users) ?? [])]);
  const planned = [...(plan?.users ?? [])];
  if (record.step !== step)
    found.push(`the ledger's record of step ${step} is one of step ${record.step}`);
  if (users.join() !== planned.join())
    found.push(`step ${step} trained on others than the plan's users`);
}

function checkResult(
  { result }: Of<'finished'>,
  recorded: number,
  { reference, totalSteps, mayStop }: LogExpected,
  found: string[],
): void {
  const { committedSteps, weightsSha256, stopped } = result;
  if (weightsSha256 !== reference.settled[committedSteps]) {
    found.push(`the weights differ from the undisturbed run's at step ${committedSteps}`);
  }
  if (committedSteps !== recorded) {
    found.push(`the run ends with ${committedSteps} steps, of which ${recorded} are recorded`);
  }
  if (committedSteps !== totalSteps && !(stopped && mayStop)) {
    found.push(`the run ends after ${committedSteps} of ${totalSteps} steps`);
  }
}
