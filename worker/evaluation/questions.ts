/**
 * Whose held-out items an evaluation asks for. Everything here follows from the dataset alone, so
 * all members and all models get the same questions.
 */
import type { Dataset } from '../../dataset/dataset.js';
import {
  type EvaluationCase,
  type EvaluationSplit,
  evaluatedUsers,
  evaluationCase,
} from '../../dataset/training-view.js';
import { missed, type Place } from './catalogue-rank.js';

/**
 * What becomes of a user whose held-out item stands in the own history: `allow` asks for it like any
 * other (the item itself is not masked), `count` counts it as missed, as the reference does, which
 * masks it with the history, and `exclude` leaves the user out.
 */
export type Repeats = 'allow' | 'count' | 'exclude';

export interface Questions {
  readonly split: EvaluationSplit;
  /** Who is asked, in order. */
  readonly users: Int32Array;
  /** Users with fewer items than a question needs. */
  readonly tooShort: number;
  /** Users whose held-out item stands in their history, whatever becomes of them. */
  readonly repeats: number;
}

type Sequences = Pick<Dataset, 'users' | 'sequenceOffsets' | 'sequenceItems'>;

export function questions(dataset: Sequences, split: EvaluationSplit, repeats: Repeats): Questions {
  const all = evaluatedUsers(dataset);
  const fresh = all.filter((user) => !isRepeat(evaluationCase(dataset, split, user)));
  return {
    split,
    users: repeats === 'exclude' ? fresh : all,
    tooShort: dataset.users - all.length,
    repeats: all.length - fresh.length,
  };
}

export const isRepeat = ({ history, target }: EvaluationCase): boolean => history.includes(target);

/** The place that counts, given the one that a ranking gives to the held-out item. */
export const countedPlace = (question: EvaluationCase, place: Place, repeats: Repeats): Place =>
  repeats === 'count' && isRepeat(question) ? missed : place;
