/**
 * Plain (unquoted) scalars of YAML. This program reads YAML 1.2; kubectl reads YAML 1.1 as Go's yaml.v2 does. A scalar
 * that the two read differently would be one run here and another on the cluster, so it is refused with its cure.
 */

export type Scalar =
  | { readonly ok: true; readonly value: string | number | boolean | null }
  | { readonly ok: false; readonly message: string };

const truths = /^(y|Y|yes|Yes|YES|on|On|ON)$/;
const falsehoods = /^(n|N|no|No|NO|off|Off|OFF)$/;
const decimal = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** Reads a plain scalar by the core schema (YAML 1.2, section 10.3.2), or says why it is ambiguous. */
export function readPlainScalar(text: string): Scalar {
  const ambiguity = describeAmbiguity(text);
  return ambiguity === undefined ? readCoreScalar(text) : { ok: false, message: ambiguity };
}

function describeAmbiguity(text: string): string | undefined {
  if (truths.test(text)) return readAs(text, 'true to kubectl and text to others', 'true');
  if (falsehoods.test(text)) return readAs(text, 'false to kubectl and text to others', 'false');
  if (/^[-+]?0[0-9_]*[0-9]$/.test(text)) {
    const toTen = Number(text.replaceAll('_', ''));
    const octal = /^[-+]?[0-7_]+$/.test(text) ? Number.parseInt(text.replaceAll('_', ''), 8) : undefined;
    return octal === undefined || octal === toTen
      ? `a number with a leading zero is read in different ways; write ${toTen}, or "${text}" in quotes for text`
      : `${text} is ${octal} to kubectl and ${toTen} to others; write the one that is meant, or "${text}" in quotes for text`;
  }
  if (/^[-+]?0o[0-7_]+$/.test(text)) {
    return readAs(
      text,
      'octal to some readers and text to others',
      String(Number.parseInt(text.replace(/0o|_/g, ''), 8)),
    );
  }
  if (/^[-+]?0b[01_]+$/.test(text)) {
    return readAs(
      text,
      'binary to kubectl and text to others',
      String(Number.parseInt(text.replace(/0b|_/g, ''), 2)),
    );
  }
  if (/^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$/.test(text)) {
    return `${text} is a number to base 60 to some readers and text to others; write "${text}" in quotes`;
  }
  const ungrouped = text.replaceAll('_', '');
  if (ungrouped !== text && /^[-+.0-9]/.test(text) && decimal.test(ungrouped)) {
    return readAs(text, 'a number to kubectl and text to others', ungrouped);
  }
  if (/^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/.test(text)) {
    return `${text} is not a finite number, and JSON, which the cluster stores, knows no other`;
  }
  return undefined;
}

function readAs(text: string, readings: string, cure: string): string {
  return `${text} is ${readings}; write ${cure}, or "${text}" in quotes for text`;
}

function readCoreScalar(text: string): Scalar {
  if (/^(~|null|Null|NULL)?$/.test(text)) return { ok: true, value: null };
  if (/^(true|True|TRUE)$/.test(text)) return { ok: true, value: true };
  if (/^(false|False|FALSE)$/.test(text)) return { ok: true, value: false };
  if (/^([-+]?[0-9]+|0x[0-9a-fA-F]+)$/.test(text)) {
    const value = Number(text);
    return Number.isSafeInteger(value)
      ? { ok: true, value }
      : {
          ok: false,
          message: `${text} has more digits than a number keeps exactly; write "${text}" in quotes for text`,
        };
  }
  if (decimal.test(text)) {
    const value = Number(text);
    return Number.isFinite(value)
      ? { ok: true, value }
      : { ok: false, message: `${text} is too large for a number` };
  }
  return { ok: true, value: text };
}
