/** What the pages are made of, read once: no request opens a file, and no path can lead out of the folders. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { projectRoot } from '../../../shared/project-root.js';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
  /** Of its content. */
  readonly etag: string;
}

const compiled = new URL('../', import.meta.url);
const written = new URL('coordinator/dashboard/pages/', projectRoot);
const uplot = new URL('dist/', import.meta.resolve('uplot/package.json'));

/** By the path of the address. */
export function readAssets(): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  const add = (path: string, type: string, body: Buffer): void => {
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    assets.set(path, { type, body, gzipped: gzipSync(body), etag });
  };
  add('/', 'text/html; charset=utf-8', readFileSync(new URL('index.html', written)));
  add(
    '/assets/dashboard.css',
    'text/css; charset=utf-8',
    readFileSync(new URL('dashboard.css', written)),
  );
  add('/assets/icon.svg', 'image/svg+xml', readFileSync(new URL('icon.svg', written)));
  add(
    '/assets/uplot.css',
    'text/css; charset=utf-8',
    readFileSync(new URL('uPlot.min.css', uplot)),
  );
  const script = 'text/javascript; charset=utf-8';
  add('/assets/uplot.js', script, readFileSync(new URL('uPlot.esm.js', uplot)));
  // A rule that terminals have too: pages import it from where it lies.
  const rule = 'shared/history/waited-for.js';
  add(`/${rule}`, script, readFileSync(new URL(`dist/${rule}`, projectRoot)));
  for (const folder of ['pages', 'charts', 'data']) {
    for (const name of readdirSync(new URL(`${folder}/`, compiled))) {
      if (!name.endsWith('.js') || name.endsWith('.test.js')) continue;
      add(
        `/assets/${folder}/${name}`,
        script,
        readFileSync(new URL(`${folder}/${name}`, compiled)),
      );
    }
  }
  return assets;
}

/** Nothing is loaded from elsewhere, framed, or run from a text that a run has written. */
export function contentPolicy(assets: ReadonlyMap<string, Asset>): string {
  // Browsers take the map of module names only from the page itself.
  const page = assets.get('/')?.body.toString('utf8') ?? '';
  const [, importMap = ''] = /<script type="importmap">(.*?)<\/script>/s.exec(page) ?? [];
  const hash = createHash('sha256').update(importMap).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
