/**
 * The page of one package in an index: the simple repository API, as JSON
 * (https://peps.python.org/pep-0691/) or HTML (https://peps.python.org/pep-0503/).
 */

export interface IndexFile {
  readonly name: string;
  readonly url: URL;
  /** Hex; null where the index gives none. */
  readonly sha256: string | null;
}

/** What is asked for: an index that knows only HTML answers with that. */
export const pageTypes =
  'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1';

/**
 * The file of this name; null where the page has none.
 *
 * @param type the page's content type
 * @param page where it was found: addresses in it are relative
 * @throws SyntaxError, TypeError where it is no page of an index
 */
export function findFile(type: string, body: string, page: URL, name: string): IndexFile | null {
  const files = /^[^;]*\bjson\b/i.test(type) ? jsonLinks(body) : htmlLinks(body);
  for (const { name: listed, href, sha256 } of files) {
    if (listed !== name) continue;
    const url = withCredentials(new URL(href, page), page);
    const inFragment = /^#sha256=([0-9a-f]{64})$/i.exec(url.hash)?.[1]?.toLowerCase();
    url.hash = '';
    return { name, url, sha256: sha256 ?? inFragment ?? null };
  }
  return null;
}

interface Listed {
  readonly name: string;
  readonly href: string;
  readonly sha256: string | null;
}

function* jsonLinks(body: string): Iterable<Listed> {
  const { files } = JSON.parse(body) as { files?: unknown };
  if (!Array.isArray(files)) throw new TypeError('it has no list of files');
  for (const entry of files) {
    const { filename, url, hashes } = Object(entry) as Record<string, unknown>;
    if (typeof filename !== 'string' || typeof url !== 'string') continue;
    const { sha256 } = Object(hashes) as Record<string, unknown>;
    const isDigest = typeof sha256 === 'string' && /^[0-9a-f]{64}$/i.test(sha256);
    yield { name: filename, href: url, sha256: isDigest ? sha256.toLowerCase() : null };
  }
}

/**
 * Anchors alone: a file's name is the text of one. No part of the pattern reads past a "<", so that a page
 * takes the time of one reading, whatever is in it.
 */
function* htmlLinks(body: string): Iterable<Listed> {
  const anchor = /<a\s([^<>]*)>([^<]*)<\/a\s*>/gi;
  for (const [, attributes = '', text = ''] of body.matchAll(anchor)) {
    const [, quoted, single] = /(?:^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(attributes) ?? [];
    const href = quoted ?? single;
    if (href !== undefined)
      yield { name: unescaped(text).trim(), href: unescaped(href), sha256: null };
  }
}

const unescaped = (text: string): string =>
  text.replace(/&(amp|#38|#x26);/gi, '&').replace(/&(#43|#x2b);/gi, '+');

/** An index behind a password has its files behind the same. */
function withCredentials(url: URL, page: URL): URL {
  if (url.origin !== page.origin || url.username !== '') return url;
  const whole = new URL(url);
  whole.username = page.username;
  whole.password = page.password;
  return whole;
}
