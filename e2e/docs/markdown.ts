/** What a page of Markdown links to, and what can be linked to in it, by GitHub's rules. Pure. */

export interface Link {
  /** Counted from 1. */
  readonly line: number;
  /** As it is written, such as `data.md#columns`. */
  readonly target: string;
}

/** The lines that are prose, and `` for those of code: what stands there is no heading and no link. */
function proseOf(page: string): string[] {
  let fence: string | null = null;
  return page.split('\n').map((line) => {
    const mark = /^ *(```+|~~~+)/.exec(line)?.[1] ?? null;
    if (fence === null) {
      fence = mark;
      return mark === null ? line : '';
    }
    if (mark?.startsWith(fence)) fence = null;
    return '';
  });
}

/** Of `[text](target)`, pictures included; not those to other hosts. */
export const linksOf = (page: string): Link[] =>
  proseOf(page)
    // A text may go on in the next line, a target never does.
    .flatMap((text, index) =>
      [...text.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => ({
        line: index + 1,
        target,
      })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target));

/** The names under which the page's headings are linked to. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(page)) {
    const heading = /^#{1,6} +(.+?)[ #]*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const anchor = anchorOf(heading);
    let free = anchor;
    for (let n = 1; anchors.has(free); n++) free = `${anchor}-${n}`;
    anchors.add(free);
  }
  return anchors;
}

const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');

/** The blocks of code of a language, such as `sh`, in their order. */
export const blocksOf = (page: string, language: string): string[] =>
  [...page.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text = '']) =>
    name === language ? [text] : [],
  );
