/** PURE: what somebody begins who is neither a node, nor a container, nor a client. */
import { type Family } from '@wgcni/ipam';
import { meshDevice } from '../node-view.ts';
import { endOf } from './address-match.ts';
import type { Policy } from './policy.ts';
import { deniedCounter } from './policy-counts.ts';

/** Whom nobody outside reaches but by what is published: clients always, containers of an isolated network. */
export function guarded({ isolation }: Policy): readonly ('containers' | 'clients')[] {
  return isolation === 'isolated' ? ['containers', 'clients'] : ['clients'];
}

/** The chain `outside4` or `outside6`. */
export function fromOutside(family: Family): string[] {
  const drop = (to: 'container' | 'client'): string => `counter name ${deniedCounter('outside', to)} drop`;
  return [
    // Judged by the node where it came in: the mesh brings no other stranger than one behind a node's approved route.
    `ct direction original iifname "${meshDevice}" accept`,
    `ct direction reply oifname "${meshDevice}" accept`,
    // Published, by whoever set up the redirection.
    'ct status dnat accept',
    `${endOf('original', family)} @routes${family} accept`,
    `jump rules${family}`,
    `${endOf('reply', family)} @clients${family} ${drop('client')}`,
    drop('container'),
  ];
}
