import type { Palette } from './charts.ts';

/** A report: what it is about, how that is, and its sections, of which empty ones are left out. */
interface ReportDocument {
  readonly name: string;
  readonly phase: string;
  readonly sections: readonly string[];
}

/** One HTML page that needs nothing besides itself: no script, no font, no request. */
export function drawDocument({ name, phase, sections }: ReportDocument): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(name)}: ${phase}</title>
<style>${styles}</style>
</head>
<body>
<main>
<h1>${escapeHtml(name)} <small>${phase}</small></h1>
${sections.filter((text) => text !== '').join('\n')}
</main>
</body>
</html>
`;
}

const styles = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { overflow-wrap: anywhere; } h1 small { color: var(--quiet); font-weight: normal; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.25rem 1.5rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 1.5rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
th:last-child, td:last-child { white-space: normal; overflow-wrap: anywhere; min-width: 18rem; padding-right: 0; }
.wide { overflow-x: auto; }
pre { overflow: auto; padding: 1rem; border: 1px solid var(--line); }
figure { margin: 0; } figure svg { width: 100%; min-width: 36rem; height: auto; } .dark { display: none; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ground: #0d1117; --text: #e6e9ee; --quiet: #9aa4b0; --line: #444c56; }
  .light { display: none; } .dark { display: block; }
}
@media print { figure, tr { break-inside: avoid; } h2 { break-after: avoid; } pre { white-space: pre-wrap; } .wide { overflow: visible; } figure svg { min-width: 0; } }
`;

/** A part of the page with its heading. */
export function section(title: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>\n${body}\n</section>`;
}

/**
 * The same chart for a light and a dark ground; style shows one of them. Paper is light. Where the window is too narrow for
 * its labels it is scrolled by itself, also by keyboard.
 */
export function figure(title: string, draw: (palette: Palette) => string): string {
  return `<figure class="wide" tabindex="0" role="region" aria-label="Chart of ${escapeHtml(title)}"><div class="light">${draw('light')}</div><div class="dark">${draw('dark')}</div></figure>`;
}

/** Names and what they mean here. */
export function definitions(rows: readonly (readonly [string, string])[]): string {
  const items = rows.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${items.join('')}</dl>`;
}

/** A table whose first row says what its columns are. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heading.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`);
  // Where the window is narrow a table is scrolled by itself, also by keyboard.
  const label = `Table of ${heading.join(', ')}`;
  return `<div class="wide" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** Text that stays text, whatever a manifest or a message of a trainer says. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
