import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findFile } from './index-page.js';

const json = 'application/vnd.pypi.simple.v1+json; charset=utf-8';
const page = new URL('https://user:secret@host/simple/probe/');
const digest = 'ab'.repeat(32);
const name = 'probe-1.0-py3-none-any.whl';

const listing = (...files: unknown[]): string => JSON.stringify({ files });

// Would catch: the file of another version, and an address taken relative to the wrong place.
test('a file is found in JSON by its whole name, with its digest and its address', () => {
  const other = { filename: 'probe-1.0.1-py3-none-any.whl', url: 'wrong', hashes: {} };
  const wanted = { filename: name, url: '../../files/a.whl', hashes: { sha256: digest } };
  const found = findFile(json, listing(other, null, 7, wanted), page, name);
  assert.equal(found?.url.href, 'https://user:secret@host/files/a.whl');
  assert.equal(found?.sha256, digest);
  assert.equal(findFile(json, listing(other), page, name), null);
});

// Would catch: mirrors that know no JSON, most of which give the digest in the address.
test('the same is found in HTML', () => {
  const html = `<!DOCTYPE html><a href="x">other</a><br>
    <A data-x='1' HREF='/files/a.whl?key=1&amp;b=2#sha256=${digest.toUpperCase()}' > ${name} </A>`;
  const found = findFile('text/html', html, page, name);
  assert.equal(found?.url.href, 'https://user:secret@host/files/a.whl?key=1&b=2');
  assert.equal(found?.sha256, digest);
  assert.equal(findFile('text/html', '<p>nothing</p>', page, name), null);
});

// Would catch: an index's password that is sent to whoever keeps its files.
test('another host gets no password', () => {
  const elsewhere = { filename: name, url: 'https://files/a.whl', hashes: {} };
  const found = findFile(json, listing(elsewhere), page, name);
  assert.equal(found?.url.href, 'https://files/a.whl');
  assert.equal(found?.sha256, null);
  const same = { filename: name, url: 'https://host/a.whl' };
  assert.equal(findFile(json, listing(same), page, name)?.url.password, 'secret');
});

test('what is no page of an index is refused', () => {
  for (const body of ['{"message":"not found"}', '[]', 'null', '<html>']) {
    assert.throws(() => findFile(json, body, page, name), /TypeError|SyntaxError/);
  }
});

// Would catch: an index that holds up the process for hours with a page of some megabytes.
test('a hostile page takes no longer than another one', { timeout: 20_000 }, () => {
  for (const part of ['<a ', '<a href=', '<a href="', "<a x='>", '<a >']) {
    assert.equal(findFile('text/html', part.repeat(1_000_000), page, name), null);
  }
});

// Would catch: an error that nobody expects, which ends the process as a defect.
test('any page gives a file, nothing, or one of two errors', () => {
  const parts = fc.constantFrom(
    '<a ',
    'href="',
    '">',
    name,
    '</a>',
    '{"files":[',
    '{}',
    ']}',
    ' ',
    '//',
  );
  const body = fc.array(parts, { maxLength: 12 }).map((all) => all.join(''));
  fc.assert(
    fc.property(body, fc.constantFrom(json, 'text/html', ''), (text, type) => {
      try {
        findFile(type, text, page, name);
      } catch (error) {
        assert.ok(error instanceof SyntaxError || error instanceof TypeError, String(error));
      }
    }),
  );
});
