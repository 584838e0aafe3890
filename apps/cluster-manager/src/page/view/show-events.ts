/** PURE: what changed in the last hour, the newest first. */
import { el, type Element } from '@wgcni/api/picture';
import type { Model, ShownEvent } from './model.ts';

const hourMs = 3_600_000;
const mostShown = 100;

/** Those of the hour before `at`, both by the clock of the replica that tells them. */
export function lastHour(items: readonly ShownEvent[], at: string): ShownEvent[] {
  const from = Date.parse(at) - hourMs;
  return items.filter((event) => Date.parse(event.at) >= from).reverse();
}

export function showEvents({ overview, events }: Model): Element {
  const recent = events === undefined ? [] : lastHour(events.items, overview.at);
  const rows = recent
    .slice(0, mostShown)
    .map(({ id, at, kind, message, subject, cause, remedy }) =>
      el(
        'li',
        { key: id },
        el('time', { datetime: at, title: `${at} ${kind}` }, at.slice(11, 19)),
        el(
          'div',
          {},
          el('p', {}, el('strong', {}, subject), ` ${message}`),
          ...[cause, remedy].flatMap((text) => (text === null ? [] : [el('p', { class: 'soft small' }, text)])),
        ),
      ),
    );
  return el(
    'section',
    { key: 'events', id: 'events', 'aria-labelledby': 'events-head' },
    el(
      'div',
      { class: 'head' },
      el('h2', { id: 'events-head' }, 'Changed in the last hour'),
      el('span', { class: 'soft small' }, sinceWords(events, recent.length, overview.at)),
    ),
    ...(rows.length === 0
      ? []
      : [el('ul', { class: 'events scroll', key: 'rows', tabindex: 0, 'aria-label': 'Events' }, ...rows)]),
  );
}

function sinceWords(events: Model['events'], count: number, at: string): string {
  if (events === undefined) return 'asking…';
  const told = count > mostShown ? `the newest ${mostShown} of ${count}` : count === 0 ? 'nothing' : `${count}`;
  const isShort = Date.parse(events.since) > Date.parse(at) - hourMs;
  return isShort ? `${told}; this replica looks since ${events.since.slice(11, 19)} UTC` : `${told}, times in UTC`;
}
