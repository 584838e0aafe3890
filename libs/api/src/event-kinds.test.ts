/** The reference of events is made of the table in the code; `vitest run -u` of this file writes it anew. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventKinds } from './event-kinds.ts';

const reference = join(import.meta.dirname, '../../../docs/reference/events.md');

it('says of every kind what it means, as docs/reference/events.md does', async () => {
  const rows = Object.entries(eventKinds).map(([kind, { level, means }]) => `| \`${kind}\` | ${level} | ${means} |`);
  const text = [
    '# Events',
    '',
    'Generated from `libs/api/src/event-kinds.ts`. `wgcni events` shows what happened lately, `GET /v1/events` of both programs the same; the log has each under its kind, at its level.',
    '',
    '| Kind | Level | What happened |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot(reference);
});

it('names kinds by what they are of and what happened, as filters and the schema expect', () => {
  for (const kind of Object.keys(eventKinds)) expect(kind).toMatch(/^[a-z]+(\.[a-z-]+)+$/);
});
