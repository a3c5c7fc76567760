/** What a query of Prometheus names. Not a parser: promtool says whether a query is one. */

export interface Named {
  readonly metric: string;
  /** Labels that it is selected by. */
  readonly labels: readonly string[];
}

const strings = /"(?:[^"\\]|\\.)*"/g;
/** Clauses whose names are labels of the result. */
const groupings = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan', 'by', 'on']);

/** The metrics of a query, each with the labels by which it is selected. */
export function metricsIn(query: string): Named[] {
  // Grafana's variables stand in strings and ranges only.
  const bare = query
    .replace(strings, '""')
    .replace(groupings, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g)].flatMap(
    ([, metric = '', behind = '']) => {
      if (behind === '(' || words.has(metric.toLowerCase())) return [];
      const labels = [...behind.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
      return [{ metric, labels }];
    },
  );
}

/** Labels that results are grouped or matched by. */
export const groupedBy = (query: string): string[] =>
  [...query.replace(strings, '""').matchAll(groupings)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
