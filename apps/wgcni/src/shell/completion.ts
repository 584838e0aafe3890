/** PURE: what a shell sources to complete `wgcni`; it asks nobody while somebody types. */
import { allWords, type Words } from './words.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionFor(shell: Shell, root: Words): string {
  if (shell === 'fish') return fish(root);
  // zsh reads bash's functions by its own `bashcompinit`.
  const before = shell === 'zsh' ? '#compdef wgcni\nautoload -U +X bashcompinit && bashcompinit\n' : '';
  return before + bash(root);
}

/** One table from the words typed so far to those that may follow. */
function bash(root: Words): string {
  const cases = allWords(root).map(({ path, below, options }) => {
    const own = options.map(({ long }) => long);
    const words = [
      ...below.map((sub) => sub.path.split(' ').at(-1) ?? ''),
      ...own,
      ...(path === root.path ? [] : ['--help']),
    ];
    return `    '${path}') words='${words.join(' ')}' ;;`;
  });
  const valued = root.options.filter(({ takesValue }) => takesValue).map(({ long }) => long);
  return `_wgcni() {
  local word=\${COMP_WORDS[COMP_CWORD]} path=wgcni words='' skip='' one
  for one in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ -n "$skip" ]; then skip=''; continue; fi
    case $one in
    ${valued.join('|')}) skip=yes ;;
    -*) ;;
    *) path="$path $one" ;;
    esac
  done
  case $path in
${cases.join('\n')}
  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -F _wgcni wgcni
`;
}

function fish(root: Words): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = allWords(root).flatMap(({ path, below, options }) => {
    const typed = path.split(' ').slice(1);
    const others = below.map((sub) => sub.path.split(' ').at(-1) ?? '');
    const seen = typed.map((word) => `__fish_seen_subcommand_from ${word}`);
    const here = [...seen, ...(others.length > 0 ? [`not __fish_seen_subcommand_from ${others.join(' ')}`] : [])].join(
      '; and ',
    );
    const condition = here === '' ? '' : ` -n ${quoted(here)}`;
    const always = typed.length === 0 ? '' : condition;
    return [
      ...below.map(
        (sub) => `complete -c wgcni -f${condition} -a ${sub.path.split(' ').at(-1) ?? ''} -d ${quoted(sub.about)}`,
      ),
      ...options.map(
        ({ long, about, takesValue }) =>
          `complete -c wgcni${always} -l ${long.replace(/^--/, '')}${takesValue ? ' -r' : ''} -d ${quoted(about)}`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
}
