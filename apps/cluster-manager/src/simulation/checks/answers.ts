/** What a node is answered was true in the store at the revision that the answer names. */
import type { Registration, Renewal, RenewInput } from '@wgcni/api';
import type { Keys, NodeRecord, RegistrationRecord } from '@wgcni/store';
import type { Ledger } from '../ledger.ts';
import type { Accuse } from './violation.ts';

export interface Witnessed {
  ledger: Ledger;
  keys: Keys;
  accuse: Accuse;
}

/** A granted registration: the grants stand in the node's record, under the registration of this instance. */
export function checkRegistration(
  { ledger, keys, accuse }: Witnessed,
  instance: string,
  { nodeId, subnets, revision }: Registration,
): void {
  const node = ledger.recordAt(keys.node(nodeId), revision) as NodeRecord | undefined;
  const granted = idsOf(subnets);
  if (idsOf(node?.subnets ?? []) !== granted)
    accuse(
      'an answer is true',
      `${nodeId} was answered grants [${granted}], the store had [${idsOf(node?.subnets ?? [])}]`,
    );
  const registration = ledger.recordAt(keys.registration(nodeId), revision) as RegistrationRecord | undefined;
  // It may have ended since: another instance's it may not be.
  if (registration !== undefined && registration.instance !== instance)
    accuse('an answer is true', `${nodeId} was answered a registration of another instance`);
}

/** A renewal: the registration of this instance and exactly its grants stood there. */
export function checkRenewal(
  { ledger, keys, accuse }: Witnessed,
  nodeId: string,
  input: RenewInput,
  { revision }: Renewal,
): void {
  const node = ledger.recordAt(keys.node(nodeId), revision) as NodeRecord | undefined;
  const registration = ledger.recordAt(keys.registration(nodeId), revision) as RegistrationRecord | undefined;
  if (registration?.instance !== input.instance)
    accuse('an answer is true', `${nodeId} was renewed at revision ${revision}, where it had no registration`);
  const named = [...input.grantIds].sort().join(' ');
  if (idsOf(node?.subnets ?? []) !== named)
    accuse(
      'an answer is true',
      `${nodeId} was renewed with grants [${named}], the store had [${idsOf(node?.subnets ?? [])}]`,
    );
}

function idsOf(grants: readonly { grantId: string }[]): string {
  return grants
    .map(({ grantId }) => grantId)
    .sort()
    .join(' ');
}
