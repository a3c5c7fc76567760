/**
 * The candidate that `word` is most likely a misspelling of, or null where none is close: at most
 * a third of the letters may differ. Among equals the first wins.
 */
export const nearestWord = (word: string, candidates: Iterable<string>): string | null =>
  nearestWords(word, candidates, 1)[0] ?? null;

/** At most `most` candidates that are close to `word`, the closest first, each once. */
export function nearestWords(word: string, candidates: Iterable<string>, most: number): string[] {
  const near: { readonly candidate: string; readonly distance: number }[] = [];
  for (const candidate of candidates) {
    // Longer by so many letters, it cannot be close: most candidates are not looked at.
    if (Math.abs(candidate.length - word.length) > candidate.length / 3) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance > candidate.length / 3) continue;
    if (near.length === most && distance >= (near.at(-1)?.distance ?? 0)) continue;
    if (near.some((known) => known.candidate === candidate)) continue;
    let place = near.length;
    while (place > 0 && (near[place - 1]?.distance ?? 0) > distance) place--;
    near.splice(place, 0, { candidate, distance });
    near.length = Math.min(near.length, most);
  }
  return near.map(({ candidate }) => candidate);
}

/** A misspelling is short; a longer word is not worth a quadratic comparison. */
const longestCompared = 64;

/** Insertions, deletions and replacements that turn `from` into `to`. */
function editDistance(from: string, to: string): number {
  if (from.length > longestCompared || to.length > longestCompared) return from === to ? 0 : 64;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
