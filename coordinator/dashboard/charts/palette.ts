/** Colours of curves and phases: told apart by people who see few colours, in the light and in the dark. */

/** After Okabe and Ito, with the yellow darkened for white ground. */
const light = [
  '#0072b2',
  '#d55e00',
  '#007a5e',
  '#a8508a',
  '#8a6d00',
  '#3f7fb5',
  '#555f6b',
  '#b03a2e',
];
const dark = [
  '#56b4e9',
  '#ff9d4d',
  '#2fc79b',
  '#e29bc8',
  '#e6c84a',
  '#8fc7ff',
  '#b3bcc7',
  '#ff8a7a',
];

export const isDark = (): boolean =>
  document.documentElement.dataset.theme === 'dark' ||
  (document.documentElement.dataset.theme !== 'light' &&
    matchMedia('(prefers-color-scheme: dark)').matches);

export function color(index: number): string {
  const palette = isDark() ? dark : light;
  return palette[index % palette.length] as string;
}

/** Of a custom property of the page. */
export const ink = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
