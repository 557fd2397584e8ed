/** What a dashboard shows, apart from how Grafana wants it written. */
export interface Dashboard {
  /** Name of its file; its uid is `ringmaster-<name>`. */
  readonly name: 'fleet' | 'run' | 'sweep' | 'operator';
  readonly title: string;
  readonly description: string;
  /** What its panels are chosen by, besides the data source, the scrape job and the instance. */
  readonly variables: readonly Variable[];
  /** A metric of each job that its panels read, to find the jobs and instances by. */
  readonly metrics: readonly string[];
  /** Links besides those to the other dashboards. */
  readonly links?: readonly Link[];
  readonly rows: readonly Row[];
}

/** A label that the viewer chooses values of. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(...)`, as Grafana has it. */
  readonly query: string;
}

export interface Link {
  readonly title: string;
  readonly tooltip: string;
  readonly url: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  /** A number, lines over time, areas over each other, or a bar for each series. */
  readonly kind: 'number' | 'lines' | 'areas' | 'bars';
  readonly title: string;
  readonly description: string;
  /** One of `@grafana/grafana-foundation-sdk/units`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Columns of 24. Default 4 for numbers, 8 for others. */
  readonly span?: number;
  /** Bounds of the scale. Default: those of the data. */
  readonly min?: number;
  readonly max?: number;
  /** Shows the name of the series in place of its value, which is always 1. */
  readonly showsName?: true;
  /** Where a series leads. */
  readonly link?: Link;
}

export interface Query {
  readonly expr: string;
  /** Name of each series, with labels in double braces. */
  readonly legend: string;
  /** Unit of a scale of its own, on the right. Default: that of the panel. */
  readonly unit?: string;
}
