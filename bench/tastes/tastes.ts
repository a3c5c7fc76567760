/**
 * A catalogue and its users, made up: titles that carry genres, and people who mostly keep to a few of
 * them. Most items are had by hardly anybody, as in catalogues of films and books. The same seed makes
 * the same rows on every machine.
 */
import { Random } from '../../shared/random.js';

export interface TastesOptions {
  readonly seed: number;
  readonly users: number;
  /** Those that nobody has had are left out at the end. */
  readonly items: number;
  /** Interactions of the least active user; half of all users have more than twice as many. */
  readonly fewest: number;
  readonly most: number;
  /** What a user keeps to, and how much of a history comes from it; the rest is of the whole catalogue. */
  readonly genresOfUser: number;
  readonly shareOfTaste: number;
  /** An item is drawn in proportion to 1 / (flatness + its rank)^2. */
  readonly flatness: number;
}

export interface Tastes {
  readonly items: readonly { readonly title: string; readonly genres: string }[];
  /** Item numbers, user by user, in the order of time and without repeats. */
  readonly histories: readonly Int32Array[];
}

const genreNames =
  'action adventure animation children comedy crime documentary drama fantasy horror musical mystery ' +
  'romance thriller war western';
const genres = genreNames.split(' ');

const syllables = 'ba be bi bo da de di do ka ke ki ko la le li lo ma me mi mo na ne ni no'.split(
  ' ',
);

/** Draws of an item that the user has had already, after which the history ends: little is left. */
const drawsInVain = 200;

export function makeTastes(options: TastesOptions): Tastes {
  const { seed, users, items } = options;
  const random = Random.for(seed, 'tastes: items');
  const genresOf = Array.from({ length: items }, () =>
    distinctBelow(genres.length, 1 + random.below(2), random),
  );
  const whole = lottery(
    Array.from({ length: items }, (_, item) => item),
    options,
  );
  const within = genres.map((_, genre) =>
    lottery(
      genresOf.flatMap((own, item) => (own.includes(genre) ? [item] : [])),
      options,
    ),
  );
  const histories = Array.from({ length: users }, (_, user) =>
    historyOf(Random.for(seed, 'tastes: user', user), options, whole, within),
  );
  return withoutUnused(
    genresOf.map((own) => ({
      title: [word(random), word(random)].join(' '),
      genres: own.map((genre) => genres[genre]).join('|'),
    })),
    histories,
  );
}

interface Lottery {
  readonly items: readonly number[];
  /** Sum of the weights up to each item. */
  readonly sums: Float64Array;
}

function lottery(items: readonly number[], { flatness }: TastesOptions): Lottery {
  let sum = 0;
  const sums = Float64Array.from(items, (item) => {
    sum += 1 / (1 + flatness + item) ** 2;
    return sum;
  });
  return { items, sums };
}

function draw({ items, sums }: Lottery, random: Random): number {
  const wanted = random.uniform() * (sums.at(-1) as number);
  let [low, high] = [0, items.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return items[low] as number;
}

function historyOf(
  random: Random,
  { fewest, most, genresOfUser, shareOfTaste }: TastesOptions,
  whole: Lottery,
  within: readonly Lottery[],
): Int32Array {
  const liked = distinctBelow(within.length, genresOfUser, random);
  const length = Math.min(most, Math.floor(fewest / (1 - random.uniform())));
  const history = new Set<number>();
  for (let vain = 0; history.size < length && vain < drawsInVain; ) {
    const fromTaste = random.uniform() < shareOfTaste;
    const genre = liked[random.below(liked.length)] as number;
    const item = draw(fromTaste ? (within[genre] as Lottery) : whole, random);
    vain = history.has(item) ? vain + 1 : 0;
    history.add(item);
  }
  return Int32Array.from(history);
}

function withoutUnused(items: Tastes['items'], histories: readonly Int32Array[]): Tastes {
  const used = [...new Set(histories.flatMap((history) => [...history]))].sort((a, b) => a - b);
  const numbers = new Map(used.map((item, number) => [item, number]));
  return {
    items: used.map((item) => items[item] as Tastes['items'][number]),
    histories: histories.map((history) => history.map((item) => numbers.get(item) as number)),
  };
}

function distinctBelow(count: number, wanted: number, random: Random): number[] {
  const found = new Set<number>();
  while (found.size < wanted) found.add(random.below(count));
  return [...found];
}

const word = (random: Random): string =>
  Array.from({ length: 3 }, () => syllables[random.below(syllables.length)]).join('');
