/**
 * Members hold the same state to the last bit. One that does not has bad memory, a bad processor or a
 * bad device: no error told of it, and what it trains from here on would be wrong without a word.
 */
import type { StateHash } from './ledger-record.js';

export interface HashReport {
  readonly worker: string;
  readonly stateHash: StateHash;
}

export type HashVerdict =
  | { readonly kind: 'agree'; readonly stateHash: StateHash }
  /** More than half of the members agree: the others are odd. */
  | {
      readonly kind: 'outvoted';
      readonly odd: readonly HashReport[];
      readonly others: readonly HashReport[];
    }
  /** Nobody can tell whose state is right. */
  | { readonly kind: 'undecided'; readonly groups: readonly (readonly HashReport[])[] };

/** @param reports of one step, of all its members; not empty */
export function judgeHashes(reports: readonly HashReport[]): HashVerdict {
  const groups = groupsOf(reports);
  const largest = groups.reduce((most, group) => (group.length > most.length ? group : most));
  if (groups.length === 1) {
    return { kind: 'agree', stateHash: (largest[0] as HashReport).stateHash };
  }
  if (largest.length * 2 <= reports.length) return { kind: 'undecided', groups };
  return {
    kind: 'outvoted',
    odd: reports.filter((one) => !largest.includes(one)),
    others: largest,
  };
}

/** Replicas hold different states: the run must not go on with either. */
export class StateDiffersError extends Error {
  override readonly name = 'StateDiffersError';
  readonly code = 'STATE_DIFFERS';
  /** Whose state is wrong; all of them where that cannot be told. */
  readonly workers: readonly string[];

  constructor(step: number, verdict: Exclude<HashVerdict, { kind: 'agree' }>) {
    super(`Cannot commit step ${step}: ${textOf(verdict)}`);
    const odd = verdict.kind === 'outvoted' ? verdict.odd : verdict.groups.flat();
    this.workers = odd.map(({ worker }) => worker);
  }
}

function textOf(verdict: Exclude<HashVerdict, { kind: 'agree' }>): string {
  if (verdict.kind === 'outvoted') {
    const { odd, others } = verdict;
    const have = odd.length === 1 ? 'has' : 'have';
    return (
      `${namesOf(odd)} ${have} another state than ${namesOf(others)} after the same updates ` +
      `(${hashText(odd)}, and ${hashText(others)}): memory, processor or GPU of ${namesOf(odd)} ` +
      'changed bits without an error: take its machine out, then go on from a checkpoint'
    );
  }
  const { groups } = verdict;
  return (
    `${groups.map(namesOf).join(' and ')} hold different states after the same updates ` +
    `(${groups.map(hashText).join(', and ')}): memory, processor or GPU of one of them changed ` +
    'bits without an error, and so few members cannot outvote it: test their machines, or go on ' +
    'from a checkpoint with one more worker, so that the next difference names the odd one out'
  );
}

function groupsOf(reports: readonly HashReport[]): HashReport[][] {
  const groups = new Map<string, HashReport[]>();
  for (const report of reports) {
    const { from, to, value } = report.stateHash;
    const key = `${from} ${to} ${value}`;
    groups.set(key, [...(groups.get(key) ?? []), report]);
  }
  return [...groups.values()];
}

const namesOf = (reports: readonly HashReport[]): string =>
  reports.map(({ worker }) => worker).join(', ');

function hashText(reports: readonly HashReport[]): string {
  const { from, to, value } = (reports[0] as HashReport).stateHash;
  return `${value} of bytes ${from} to ${to}`;
}
