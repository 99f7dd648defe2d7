import type { Shell } from '../command-table.ts';

/*
 * What each shell needs: it asks the program what may stand where somebody types, so that the program's own table of
 * commands is the only one. What comes back is a candidate a line, in zsh and fish with words about it behind a tab, or
 * `:files` for names of files.
 */

const BASH = `# bash: put it into your ~/.bashrc as
#   source <(causeway completion bash)
_causeway() {
  local -a found
  mapfile -t found < <("\${COMP_WORDS[0]}" completion words bash "$((COMP_CWORD - 1))" "\${COMP_WORDS[@]:1}" 2>/dev/null)
  if [[ \${found[0]-} == :files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
  else
    COMPREPLY=("\${found[@]}")
  fi
}
complete -F _causeway causeway
`;

const ZSH = `#compdef causeway
# zsh: put it into a directory of your fpath as _causeway, or into your ~/.zshrc, behind compinit, as
#   source <(causeway completion zsh)
_causeway() {
  local -a found values shown
  local line
  found=("\${(@f)$("\${words[1]}" completion words zsh "$((CURRENT - 2))" "\${(@Q)words[2,-1]}" 2>/dev/null)}")
  if [[ \${found[1]} == :files ]]; then
    _files
    return
  fi
  for line in "\${found[@]}"; do
    [[ -n $line ]] || continue
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  -- }")
  done
  compadd -l -d shown -a values
}
if [[ \${funcstack[1]} == _causeway ]]; then
  _causeway "$@"
else
  compdef _causeway causeway
fi
`;

const FISH = `# fish: put it into ~/.config/fish/completions/causeway.fish
function __causeway_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct)
    set -l found ($program completion words fish (count $words) $words "$current" 2>/dev/null)
    if test "$found[1]" = ':files'
        __fish_complete_path "$current"
    else
        printf '%s\\n' $found
    end
end
complete -c causeway -f -a '(__causeway_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The script that makes a shell complete the words of causeway. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
