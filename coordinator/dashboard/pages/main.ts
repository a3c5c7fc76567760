/** Which page is shown, by the part of the address behind `#`; and the theme. */
import { placeOf } from '../data/address.js';
import { ComparePage } from './compare-page.js';
import { h, setText, show } from './dom.js';
import type { Page } from './page.js';
import { RunPage } from './run-page.js';
import { RunsPage } from './runs-page.js';

const main = document.getElementById('main') as HTMLElement;
const themeButton = document.getElementById('theme') as HTMLButtonElement;
const connection = document.getElementById('connection') as HTMLElement;
let shown: Page | null = null;

const tellConnection = (isThere: boolean): void =>
  setText(connection, isThere ? '' : 'no word from the server: trying again');

function pageOf(address: string): Page {
  const place = placeOf(address);
  if (place.kind === 'run') return new RunPage(place.id, tellConnection);
  return place.kind === 'compare' ? new ComparePage(place.ids) : new RunsPage();
}

async function go(): Promise<void> {
  const address = location.hash;
  shown?.close();
  shown = null;
  tellConnection(true);
  const page = pageOf(address);
  try {
    await page.open();
  } catch (error) {
    page.close();
    if (location.hash !== address) return;
    const again = h('button', { type: 'button', click: () => void go() }, 'Try again');
    show(
      main,
      h('p', { role: 'alert' }, `Cannot show this page: ${(error as Error).message}`),
      again,
    );
    return;
  }
  if (location.hash !== address) {
    page.close();
    return;
  }
  shown = page;
  document.title = `${page.title} · Lockstep`;
  show(main, page.element);
}

const themes: readonly string[] = ['system', 'light', 'dark'];
const themeKey = 'lockstep-theme';

function setTheme(theme: string): void {
  document.documentElement.dataset.theme = theme;
  setText(themeButton, theme === 'system' ? 'Theme: as the system' : `Theme: ${theme}`);
  shown?.redraw();
}

themeButton.addEventListener('click', () => {
  const at = themes.indexOf(document.documentElement.dataset.theme ?? '');
  const next = themes[(at + 1) % themes.length] ?? 'system';
  localStorage.setItem(themeKey, next);
  setTheme(next);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => shown?.redraw());
setTheme(localStorage.getItem(themeKey) ?? 'system');
addEventListener('hashchange', () => void go());
void go();
