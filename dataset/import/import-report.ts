/**
 * What an import says about its data before anybody trains on it: counts from the finished arrays, and a
 * warning where a count says that training cannot work. A pure function of the dataset.
 */
import { defaultTextLength } from '../../shared/job-spec/defaults.js';
import type { DatasetLabels, ImportFindings, ImportWarning } from '../dataset-manifest.js';
import { leastItemsToEvaluate, trainingLength } from '../training-view.js';

export interface ReportInput {
  /** [users + 1] */
  readonly sequenceOffsets: Uint32Array;
  readonly sequenceItems: Int32Array;
  /** [items + 1] */
  readonly itemTokenOffsets: Uint32Array;
  readonly itemTokens: Int32Array;
  readonly vocabulary: number;
  /** The token of all that is unknown, where the tokenizer has one. */
  readonly unknown: number | null;
  /** Null for a pretrained tokenizer, which has not counted them. */
  readonly words: ImportFindings['words'];
  /** Texts that the import has cut. */
  readonly cutTexts: number;
  /** Rows of interactions that bad rows and filters have left out. */
  readonly leftOut: number;
  /** The least and the greatest; null where they are dates. */
  readonly times: { readonly least: number; readonly most: number } | null;
  /** Null where nobody asked for labels. */
  readonly labels: DatasetLabels | null;
}

export function reportImport(input: ReportInput): ImportFindings {
  const counts = {
    users: countUsers(input),
    interactions: countInteractions(input),
    texts: countTexts(input),
    words: input.words,
  };
  return { ...counts, warnings: warnings(counts, input) };
}

type Counts = Omit<ImportFindings, 'warnings'>;

function countUsers({ sequenceOffsets }: ReportInput): Counts['users'] {
  const total = sequenceOffsets.length - 1;
  let [trained, evaluated] = [0, 0];
  for (let user = 0; user < total; user++) {
    const length = sequenceOffsets[user + 1]! - sequenceOffsets[user]!;
    if (trainingLength(length) >= 2) trained++;
    if (length >= leastItemsToEvaluate) evaluated++;
  }
  return { total, tooShortToTrain: total - trained, tooShortToEvaluate: total - evaluated };
}

function countInteractions(input: ReportInput): Counts['interactions'] {
  const { sequenceOffsets, sequenceItems } = input;
  const lastUser = new Int32Array(input.itemTokenOffsets.length - 1).fill(-1);
  let [repeated, predictions] = [0, 0];
  for (let user = 0; user + 1 < sequenceOffsets.length; user++) {
    const [start, end] = [sequenceOffsets[user]!, sequenceOffsets[user + 1]!];
    predictions += Math.max(0, trainingLength(end - start) - 1);
    for (let i = start; i < end; i++) {
      if (lastUser[sequenceItems[i]!] === user) repeated++;
      lastUser[sequenceItems[i]!] = user;
    }
  }
  return { total: sequenceItems.length, leftOut: input.leftOut, repeated, predictions };
}

function countTexts(input: ReportInput): Counts['texts'] {
  const { itemTokenOffsets, itemTokens, unknown } = input;
  const total = itemTokenOffsets.length - 1;
  const textsOf = textsOfTokens(input);
  const distinct = new Set<number>();
  let [longer, unknownAlone, ownAlone] = [0, 0, 0];
  for (let item = 0; item < total; item++) {
    const text = itemTokens.subarray(itemTokenOffsets[item]!, itemTokenOffsets[item + 1]!);
    distinct.add(hash(text));
    if (text.length > defaultTextLength) longer++;
    // What every text has, such as the keys of its fields, says nothing of an item.
    const telling = text.filter((token) => textsOf[token]! < total);
    if (telling.every((token) => token === unknown)) unknownAlone++;
    else if (telling.every((token) => token === unknown || textsOf[token] === 1)) ownAlone++;
  }
  return { total, distinct: distinct.size, cut: input.cutTexts, longer, unknownAlone, ownAlone };
}

/** In how many texts each token occurs. [vocabulary] */
function textsOfTokens({ itemTokenOffsets, itemTokens, vocabulary }: ReportInput): Uint32Array {
  const counts = new Uint32Array(vocabulary);
  const lastItem = new Int32Array(vocabulary).fill(-1);
  for (let item = 0; item + 1 < itemTokenOffsets.length; item++) {
    for (let i = itemTokenOffsets[item]!; i < itemTokenOffsets[item + 1]!; i++) {
      const token = itemTokens[i]!;
      if (lastItem[token] !== item) counts[token] = counts[token]! + 1;
      lastItem[token] = item;
    }
  }
  return counts;
}

/** 53 bits: among ten million texts, one pair in two hundred such catalogues would be taken for equal. */
function hash(tokens: Int32Array): number {
  let [a, b] = [tokens.length, 0x9e3779b9];
  for (const token of tokens) {
    a = Math.imul(a ^ token, 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul(b + token, 0xc2b2ae35);
    b ^= b >>> 16;
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

/** Below, a run is over before it has learnt anything: MovieLens-100K has 96,000. */
const fewPredictions = 100;
/** Of 100 users or texts. */
const nearlyNone = 1;
const nearlyAll = 90;

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

function warnings(
  { users, interactions, texts }: Counts,
  { labels, times }: ReportInput,
): ImportWarning[] {
  const found: ImportWarning[] = [];
  const warn = (code: ImportWarning['code'], message: string) => found.push({ code, message });
  const long = users.total - users.tooShortToTrain;
  if (percent(long, users.total) <= nearlyNone) {
    warn(
      'SHORT_HISTORIES',
      `${long} of ${users.total} users can be trained on: a user should have at least 4 interactions, ` +
        'of which the last two are held out',
    );
  } else if (interactions.predictions < fewPredictions) {
    warn(
      'FEW_INTERACTIONS',
      `${interactions.predictions} predictions are left to train on: there should be at least ${fewPredictions}`,
    );
  }
  if (percent(interactions.leftOut, interactions.leftOut + interactions.total) >= nearlyAll) {
    warn(
      'MOST_LEFT_OUT',
      `${interactions.leftOut} of ${interactions.leftOut + interactions.total} rows of interactions were left out: ` +
        'most of them should be usable',
    );
  }
  warnOfTimes(times, warn);
  warnOfTexts(texts, warn);
  warnOfLabels(labels, warn);
  return found;
}

/** Of seconds since 1970, in 1973: numbers below it may count anything. */
const leastDate = 1e8;
/** From 1973 until 2100 it is 41, in seconds as in milliseconds; between two units a thousand lie. */
const spanOfDates = 100;

function warnOfTimes(
  times: ReportInput['times'],
  warn: (code: ImportWarning['code'], message: string) => void,
): void {
  if (times === null || times.least < leastDate || times.most / times.least < spanOfDates) return;
  warn(
    'TIMES_IN_TWO_UNITS',
    `the times go from ${times.least} to ${times.most}: these cannot be of one unit, so histories are out of order`,
  );
}

function warnOfLabels(
  labels: DatasetLabels | null,
  warn: (code: ImportWarning['code'], message: string) => void,
): void {
  if (labels === null || (labels.wanted > 0 && labels.unwanted > 0)) return;
  const { column, wanted, unwanted } = labels;
  const what =
    wanted + unwanted === 0
      ? 'no interaction has a label'
      : `all ${wanted + unwanted} labels say that the item was ${wanted > 0 ? '' : 'not '}wanted`;
  const rule = 'another column or another --label-at-least should tell interactions apart';
  warn('ONE_CLASS', `${what} (${column}): ${rule}`);
}

function warnOfTexts(
  { total, distinct, unknownAlone, ownAlone }: Counts['texts'],
  warn: (code: ImportWarning['code'], message: string) => void,
): void {
  if (total < 2) {
    warn('ONE_ITEM', 'there is one item: nothing can be told from anything');
  } else if (percent(unknownAlone, total) >= nearlyAll) {
    warn(
      'UNKNOWN_TEXTS',
      `${unknownAlone} of ${total} texts hold nothing of their own but unknown words: ` +
        'a larger vocabulary, a lower minimum frequency or other text columns should tell items apart',
    );
  } else if (percent(total - distinct, total) >= nearlyAll) {
    warn(
      'EQUAL_TEXTS',
      `${total} items have ${distinct} distinct texts: items of one text are one to the model, ` +
        'other text columns or longer texts should tell them apart',
    );
  } else if (percent(ownAlone, total) >= nearlyAll) {
    warn(
      'TEXTS_ARE_IDS',
      `${ownAlone} of ${total} texts share no word with any other text: such a text says no more than ` +
        "the item's id, it should have words that other items have too, or subwords (--tokenizer bpe)",
    );
  }
}
