import { parser } from '@prometheus-io/lezer-promql';

/** What a query reads: one selector with its range and the function around it. */
export interface Selector {
  readonly text: string;
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
  /** The range in brackets, such as `5m`. */
  readonly range?: string;
  /** Name of the function that the selector is an argument of. */
  readonly calledBy?: string;
}

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** Grafana's variables that stand where PromQL wants a duration, as its linter replaces them to parse a query. */
export function expandVariables(expr: string, rateInterval: string, range: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll('$__range', range);
}

/**
 * The selectors of a query, in order.
 * @throws Error where the query is not PromQL; functions and types are not looked at, which is promtool's to do
 */
export function selectorsOf(query: string): Selector[] {
  const found: Selector[] = [];
  parser.parse(query).iterate({
    enter: ({ type, node }) => {
      if (type.isError) throw new Error(`not PromQL at ${node.from}: ${query}`);
      if (type.name === 'VectorSelector') found.push(toSelector(query, node));
    },
  });
  return found;
}

function toSelector(query: string, node: SyntaxNode): Selector {
  const textOf = (part: SyntaxNode | null) => (part === null ? '' : query.slice(part.from, part.to));
  const matchers =
    node
      .getChild('LabelMatchers')
      ?.getChildren('UnquotedLabelMatcher')
      .map((matcher) => ({
        label: textOf(matcher.getChild('LabelName')),
        operator: textOf(matcher.getChild('MatchOp')),
        value: textOf(matcher.getChild('StringLiteral')).slice(1, -1),
      })) ?? [];
  const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : undefined;
  const body = (matrix ?? node).parent;
  const call = body?.name === 'FunctionCallBody' ? body.parent : null;
  return {
    text: textOf(node),
    metric: textOf(node.getChild('Identifier')),
    matchers,
    ...(matrix === undefined ? {} : { range: textOf(matrix.getChild('DurationExpr')) }),
    ...(call?.name === 'FunctionCall' ? { calledBy: textOf(call.getChild('FunctionIdentifier')) } : {}),
  };
}
