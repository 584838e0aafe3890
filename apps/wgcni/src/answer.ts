/** The answer of a command, for people and for programs. */

/** What a command has to say: `value` for `--json`, one document with the words of the API in it, and `text` for people. */
export interface Answer {
  value: object;
  text: string;
  /** Whether it says that something is not as it should be: status 1. */
  isFaulty?: boolean;
  /** Whether the text is a document for another program, whose lines no terminal may cut. */
  isDocument?: boolean;
}
