import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anchorsOf, blocksOf, linksOf } from './markdown.js';

const page = `# A page, of \`code\` & more

See [data](data.md#columns), ![a picture](pictures/a.png) and [elsewhere](https://example.org/x.md);
\`[no](link.md)\` is code.

\`\`\`sh
# no heading
[no](link.md)
\`\`\`

## Twice
## Twice
## lockstep port-forward
[below](#twice-1)
`;

// Would catch links that are overlooked, and code that is taken for one: a test of links would then pass or fail for nothing.
test('links are those of the prose, with the lines that they stand in', () => {
  assert.deepEqual(linksOf(page), [
    { line: 3, target: 'data.md#columns' },
    { line: 3, target: 'pictures/a.png' },
    { line: 14, target: '#twice-1' },
  ]);
});

// Would catch anchors that no browser knows, and a comment in code that counts as a heading.
test('headings have the anchors that GitHub gives them', () => {
  assert.deepEqual(
    [...anchorsOf(page)],
    ['a-page-of-code--more', 'twice', 'twice-1', 'lockstep-port-forward'],
  );
});

// Would catch a test that runs other commands than those that a page shows, or none.
test('blocks of code are those of the language, whole', () => {
  assert.deepEqual(blocksOf(page, 'sh'), ['# no heading\n[no](link.md)\n']);
  assert.deepEqual(blocksOf(page, 'text'), []);
});
