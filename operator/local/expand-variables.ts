/**
 * Replaces `$(NAME)` by the value of a variable, as the kubelet does in environment values, commands and arguments.
 * `$$` stands for one `$`; a reference to an unknown variable stays as it is.
 * Source: k8s.io/kubernetes/third_party/forked/golang/expansion.
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? match),
  );
}
