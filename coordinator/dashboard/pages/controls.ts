/** How charts are drawn: smoothing, axis, scale. Kept in the browser. */
import type { ChartSettings } from '../charts/run-charts.js';
import { h } from './dom.js';

const key = 'lockstep-charts';
const usual: ChartSettings = { smoothing: 0, x: 'step', logLoss: false };

export function readSettings(): ChartSettings {
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(key) ?? '{}') };
  } catch {
    return usual;
  }
}

export function controls(
  settings: ChartSettings,
  onChange: (settings: ChartSettings) => void,
  onWhole: () => void,
): HTMLElement {
  let now = settings;
  const change = (changes: Partial<ChartSettings>): void => {
    now = { ...now, ...changes };
    localStorage.setItem(key, JSON.stringify(now));
    onChange(now);
  };
  const smoothing = h('input', {
    ...{ type: 'range', min: 0, max: 0.99, step: 0.01, value: now.smoothing },
    input: (event) => change({ smoothing: Number((event.target as HTMLInputElement).value) }),
  });
  const axis = h(
    'select',
    {
      change: (event) =>
        change({ x: (event.target as HTMLSelectElement).value as ChartSettings['x'] }),
    },
    h('option', { value: 'step', selected: now.x === 'step' }, 'steps'),
    h('option', { value: 'time', selected: now.x === 'time' }, 'time'),
  );
  const log = h('input', {
    ...{ type: 'checkbox', checked: now.logLoss },
    change: (event) => change({ logLoss: (event.target as HTMLInputElement).checked }),
  });
  return h(
    'form.controls',
    { submit: (event) => event.preventDefault() },
    h('label', {}, 'Smoothing ', smoothing),
    h('label', {}, 'Over ', axis),
    h('label', {}, log, ' loss on a logarithmic scale'),
    h('button', { type: 'button', click: onWhole }, 'Whole run'),
    h('span.quiet', {}, 'drag in a chart to look closer, double-click for all'),
  );
}
