/** Shells that can be taught to complete. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/*
 * Each script asks the program itself: `ringmaster __complete WORD... ''` prints a candidate a line, with its meaning
 * after a tab, and at last `:` and a number, as programs made with Go's cobra do, so that kubectl understands it too
 * (https://github.com/spf13/cobra/blob/v1.10.1/completions.go, ShellCompDirective): 4 no files, 2 no space after it.
 */

const bash = `# bash completion of ringmaster; to use it: source <(ringmaster completion bash)
_ringmaster() {
  local lines line directive=4 current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  mapfile -t lines < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  for line in "\${lines[@]}"; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *) line="\${line%%$'\\t'*}"; [[ "$line" == "$current"* ]] && COMPREPLY+=("$line") ;;
    esac
  done
  ((directive & 2)) && compopt -o nospace
  # Where there are no candidates bash completes files, unless none can stand there.
  ((directive & 4)) && compopt +o default
  return 0
}
complete -o default -F _ringmaster ringmaster
`;

const zsh = `#compdef ringmaster
# zsh completion of ringmaster; to use it: source <(ringmaster completion zsh)
_ringmaster() {
  local -a lines candidates
  local line directive=4
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${lines[@]}"; do
    case "$line" in
      :*) directive="\${line#:}" ;;
      *$'\\t'*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      ?*) candidates+=("\${line//:/\\\\:}") ;;
    esac
  done
  if ((directive & 2)); then
    _describe ringmaster candidates -S ''
  elif ((\${#candidates})); then
    _describe ringmaster candidates
  fi
  ((directive & 4)) || _files
}
if [[ "\${funcstack[1]}" == _ringmaster ]]; then
  _ringmaster
else
  compdef _ringmaster ringmaster
fi
`;

const fish = `# fish completion of ringmaster; to use it: ringmaster completion fish | source
function __ringmaster_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct | string collect --allow-empty)
  set -l directive 4
  for line in ($words[1] __complete $words[2..-1] $current 2>/dev/null)
    if string match -q ':*' -- $line
      set directive (string sub -s 2 -- $line)
    else
      echo $line
    end
  end
  if test $directive -eq 0
    __fish_complete_path $current
  end
end
complete -c ringmaster -f -a '(__ringmaster_complete)'
`;

/** What a shell runs to complete the command lines of this program. */
export const shellScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
