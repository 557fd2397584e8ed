import { dump } from 'js-yaml';
import { alerts } from './alerts.ts';
import { recordingRules } from './recording-rules.ts';

/** Where the page of an alert lies in this repository; the chart puts a site before it. */
const runbookFolder = 'docs/runbooks';

/** The groups of rules, as Prometheus and the PrometheusRule of its operator have them. */
export function rulesYaml(): string {
  const groups = [
    { name: 'ringmaster.recording', rules: recordingRules },
    {
      name: 'ringmaster.alerts',
      rules: alerts.map(({ name, expr, for: duration, severity, summary, description }) => ({
        alert: name,
        expr,
        for: duration,
        labels: { severity },
        annotations: { summary, description, runbook_url: `${runbookFolder}/${name}.md` },
      })),
    },
  ];
  return dump({ groups }, { noRefs: true, lineWidth: 110 });
}
