import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from './source-imports.js';

const seen = (text: string) => importsOf('worker/model/hllm.ts', text);
const names = (text: string) => seen(text).map(({ name }) => name);

// Would catch: a form of import that the layers test does not see, behind which anything could hide.
test('every form of import is seen', () => {
  assert.deepEqual(names("import { a } from 'one';"), ['one']);
  assert.deepEqual(names("import {\n  a,\n  type B,\n} from 'one';"), ['one']);
  assert.deepEqual(names("import type { A } from 'one';"), ['one']);
  assert.deepEqual(names("import one, * as all from 'one';"), ['one']);
  assert.deepEqual(names("import 'one';"), ['one']);
  assert.deepEqual(names("export { a } from 'one';"), ['one']);
  assert.deepEqual(names("export * from 'one';"), ['one']);
  // In two pieces, so that this file itself imports no `one`.
  const onDemand = `import${"('one')"}`;
  assert.deepEqual(names(`const a = (await ${onDemand}).a;`), ['one']);
  assert.deepEqual(names(`let a: ${onDemand}.A;`), ['one']);
});

// Would catch: a false alarm from an example in a comment, or two imports read as one.
test('only imports are seen, each with its line', () => {
  assert.deepEqual(names(" * import { a } from 'one';\nexport const from = 'two';"), []);
  assert.deepEqual(
    seen("import 'one';\n\nimport { a } from 'two';").map(({ name, line }) => [name, line]),
    [
      ['one', 1],
      ['two', 3],
    ],
  );
});

// Would catch: `@scope/name/inner` or `../../shared` looked up under the wrong name in the table.
test("an import is the project's, Node's or a package's", () => {
  const of = (name: string) => seen(`import '${name}';`)[0];
  assert.equal(of('../../shared/ids.js')?.target, 'shared/ids.ts');
  assert.equal(of('./layers.js')?.target, 'worker/model/layers.ts');
  assert.equal(of('@scope/name/inner/file')?.packageName, '@scope/name');
  assert.equal(of('name/inner')?.packageName, 'name');
  for (const own of ['fs', 'node:fs', 'fs/promises']) {
    assert.equal(of(own)?.packageName, null);
    assert.equal(of(own)?.target, null);
  }
});
