/** The queries of the alerts and of the dashboard. */
import { objectsIn, readManifest } from './manifest-objects.js';

export interface Query {
  /** Where to look for it. */
  readonly place: string;
  readonly expression: string;
}

export interface Rule {
  readonly alert: string;
  readonly expr: string;
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
    }[];
  };
}

export interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { query: string } }[];
  };
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr: string }[];
  };
}

const folder = 'k8s/components/monitoring';

/** As Prometheus reads a file of rules. */
export const ruleGroups = (): { groups: { name: string; rules: Rule[] }[] } => {
  const rule = objectsIn(`${folder}/alerts.yaml`).find(({ kind }) => kind === 'PrometheusRule');
  return rule?.spec;
};

export const rules = (): Rule[] => ruleGroups().groups.flatMap((group) => group.rules);

export const dashboard = (): Dashboard => JSON.parse(readManifest(`${folder}/dashboard.json`));

export function dashboardQueries(): Query[] {
  const { annotations, panels, templating } = dashboard();
  const ofVariables = templating.list.flatMap(({ name, query }) => {
    const text = typeof query === 'string' ? query : query.query;
    const expression = /^label_values\((.*), \w+\)$/.exec(text)?.[1];
    return expression === undefined ? [] : [{ place: `variable ${name}`, expression }];
  });
  return [
    ...panels.flatMap(({ targets = [], title }) =>
      targets.map(({ expr }) => ({ place: `panel "${title}"`, expression: expr })),
    ),
    ...annotations.list.map(({ expr, name }) => ({
      place: `annotation ${name}`,
      expression: expr,
    })),
    ...ofVariables,
  ];
}

export const everyQuery = (): Query[] => [
  ...rules().map(({ alert, expr }) => ({ place: `alert ${alert}`, expression: expr })),
  ...dashboardQueries(),
];
