/** What somebody else's text may do to whoever prints it. */
import { describe, expect, it } from 'vitest';
import { oneLine, printable } from './plain-text.ts';
import { fromProblem } from './problem.ts';

const escapes = '\u001B]52;c;Y3VybA==\u0007\u001B[2J\u001B[H';

describe('a message', () => {
  it.each([
    ['moves no cursor and fills no clipboard', `down${escapes}all is up`, 'down ]52;c;Y3VybA== [2J [Hall is up'],
    ['is one line', 'no route\r\nall tunnels are up\u2028yes', 'no route all tunnels are up yes'],
    ['has no control character of eight bits', 'a\u009B2Jb\u007F', 'a 2Jb '],
    ['reads in the direction that it is written in', 'n1 \u202Ednuos\u202C \u2066x', 'n1  dnuos   x'],
    ['keeps what people write', 'кабель „n1“ – 12 µs ✕ 日本 💥', 'кабель „n1“ – 12 µs ✕ 日本 💥'],
  ])('%s', (_, text, shown) => {
    expect(oneLine(text)).toBe(shown);
  });
});

describe('a text of several lines', () => {
  it('keeps its lines and columns, and shows where something else was', () => {
    expect(printable(`a\tb\n${escapes}c\r\n\u202E\uFFFE`)).toBe('a\tb\n�]52;c;Y3VybA==��[2J�[Hc�\n��');
  });
});

describe('the words of a refusal', () => {
  it('are one line each, and words', () => {
    const body = { code: 'node.unknown', detail: `no n1${escapes}`, remedy: 'see\nwgcni nodes' };
    expect(fromProblem(body, 'internal.failed')).toMatchObject({
      ...{ code: 'node.unknown', message: 'no n1 ]52;c;Y3VybA== [2J [H', remedy: 'see wgcni nodes' },
    });
    expect(fromProblem({ code: 7, detail: {}, remedy: [] }, 'internal.failed')).toMatchObject({
      ...{ code: 'internal.failed', message: 'the answer was not a problem document', remedy: undefined },
    });
  });
});
