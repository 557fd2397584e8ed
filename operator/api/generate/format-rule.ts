import * as z from 'zod';

/** A CEL rule as a CRD carries it. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** No text in the API may hold it, so that every format refuses it. */
const neverValid = '\0';

/**
 * The rule that a text of this schema has a certain format, if it must. The server's own message about a `pattern` is
 * the bare expression; a rule says what a person should write instead.
 */
export function formatRule(schema: z.core.$ZodType): CelRule | undefined {
  if (schema instanceof z.core.$ZodUnion) {
    // The only union is the quantity, a number or a text.
    const text = schema._zod.def.options.map(formatRule).find((each) => each !== undefined);
    return text && { ...text, rule: `type(self) == int ? self >= 0 : ${text.rule}` };
  }
  const check = schema._zod.def.checks?.find((each) => each instanceof z.core.$ZodCheckRegex);
  if (check === undefined) return undefined;
  const message = z.string().check(check).safeParse(neverValid).error?.issues[0]?.message;
  if (message === undefined) return undefined;
  return { rule: `self.matches(${rawText(check._zod.def.pattern)})`, message };
}

/** CEL's raw text leaves backslashes to the expression. Slashes are escaped in JavaScript alone. */
function rawText({ source }: RegExp): string {
  return `r'${source.replaceAll('\\/', '/')}'`;
}
