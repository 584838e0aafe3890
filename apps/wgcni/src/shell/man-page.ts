/** PURE: the man page of `wgcni`, man(7) markup. */
import { allWords, type Words } from './words.ts';

/** `date` is ISO 8601, of the version. */
export function manPage(root: Words, version: string): string {
  const commands = allWords(root).filter(({ below, path }) => below.length === 0 && path !== root.path);
  return [
    `.TH WGCNI 8 "" "wireguard-cni ${escaped(version)}" "Wireguard CNI"`,
    '.SH NAME',
    `wgcni \\- ${escaped(root.about.charAt(0).toLowerCase() + root.about.slice(1))}`,
    '.SH SYNOPSIS',
    '.B wgcni',
    '[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]',
    '.SH OPTIONS',
    ...root.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...commands.flatMap(({ path, args, about, options }) => [
      '.SS',
      `\\fB${escaped(path)}\\fR ${escaped(args)}`,
      escaped(about),
      ...options.flatMap(optionLines),
    ]),
    '.SH EXIT STATUS',
    '0: done. 1: refused, or something is wrong (\\fBdoctor\\fR, \\fBetcd status\\fR). 2: a word, flag or file that cannot be used.',
    '.SH OUTPUT',
    escaped(
      'The answer is on stdout, and what is wrong on stderr. With --json stdout is one document, or one in each line of what goes on (events --follow, --watch), and an error is {"error": {"code", "message", "remedy"}} in a line of stderr.',
    ),
    '',
  ].join('\n');
}

function optionLines({ flags, about, variable, otherwise, isNeeded }: Words['options'][number]): string[] {
  const more = [
    ...(isNeeded ? ['needed'] : []),
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
    ...(variable === undefined ? [] : [`variable: ${variable}`]),
  ];
  return ['.TP', `\\fB${escaped(flags)}\\fR`, escaped(`${about}${more.length === 0 ? '' : ` (${more.join('; ')})`}`)];
}

/** A dash is a minus that can be copied; a line that begins with a dot would be a command. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}
