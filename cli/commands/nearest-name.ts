/** A word that somebody has mistyped. Pure. */

/** Of so many letters one may be wrong; with more mistakes, another word was meant. */
const lettersOfMistake = 4;

/** The name that the word stands nearest to; null where none is near. */
export function nearestName(word: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, mistakes: mistakesOf(word, name) }))
    .sort((a, b) => a.mistakes - b.mistakes);
  const [best] = ranked;
  const most = word.length < 2 ? 0 : Math.max(1, Math.floor(word.length / lettersOfMistake));
  if (best === undefined || best.mistakes > most) return null;
  return best.name;
}

/** Letters that are other, too many, missing, or in each other's place. */
function mistakesOf(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const ways = [at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (isSame ? 0 : 1)];
      if (isSwapped) ways.push(at(before, j - 2) + 1);
      row.push(Math.min(...ways));
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] as number;
