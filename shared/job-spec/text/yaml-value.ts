/**
 * YAML from people: text that anything may stand in. Whatever it is, what comes out is a value that
 * may be walked, cloned and printed, or a few short sentences.
 */
import { Lexer, LineCounter, Parser, parseDocument } from 'yaml';

/** A job has five levels; whoever walks a value may recurse. */
const deepest = 64;
/** Further errors of a parser follow from the first ones. */
const mostProblems = 10;
const longestProblem = 300;

export type YamlValue =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

export function yamlValue(text: string): YamlValue {
  if (isDeep(text)) return { kind: 'problems', problems: [tooDeep] };
  try {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    if (document.errors.length > 0) {
      const problems = document.errors.map(({ code, pos, message }) => {
        const { line, col } = lines.linePos(pos[0]);
        return `line ${line}, column ${col}: ${code === severalDocuments ? oneDocument : message}`;
      });
      return { kind: 'problems', problems: bounded(problems) };
    }
    const value: unknown = document.toJS();
    requireTree(value);
    return { kind: 'value', value };
  } catch (error) {
    // Aliases that multiply without end, too, which only shows when they are followed.
    return { kind: 'problems', problems: bounded([(error as Error).message]) };
  }
}

/** The parser's own words are about its functions. */
const severalDocuments = 'MULTIPLE_DOCS';
const oneDocument = 'must be one document: another one begins here';

const tooDeep = `must be nested at most ${deepest} levels deep: it is nested deeper`;

/**
 * Looks at the text as the parser's first half does, which keeps a stack of its own. The second half
 * recurses, and V8 ends the whole process where a regular expression is compiled with no stack left.
 */
function isDeep(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme));
    // The document, and a scalar, are on the stack too.
    if (parser.stack.length > deepest + 2) return true;
  }
  return false;
}

function bounded(problems: readonly string[]): string[] {
  const shown = problems
    .slice(0, mostProblems)
    .map((text) => (text.length > longestProblem ? `${text.slice(0, longestProblem)}...` : text));
  const left = problems.length - shown.length;
  return left === 0 ? shown : [...shown, `and ${left} more problems`];
}

/**
 * An alias may stand for the same value twice, but not within it, and not so that what is shallow as
 * text becomes deep.
 *
 * @throws Error with the rule that is broken
 */
function requireTree(value: unknown): void {
  const heights = new Map<object, number>();
  const heightOf = (node: unknown, within: readonly object[]): number => {
    if (typeof node !== 'object' || node === null) return 0;
    if (within.includes(node)) {
      throw new Error('must not contain itself: an alias (*) stands in what it names');
    }
    if (within.length >= deepest) throw new Error(tooDeep);
    const inner = [...within, node];
    const height =
      heights.get(node) ??
      1 + Object.values(node).reduce((most, each) => Math.max(most, heightOf(each, inner)), 0);
    heights.set(node, height);
    if (within.length + height > deepest) throw new Error(tooDeep);
    return height;
  };
  heightOf(value, []);
}
