/** The rules of the network, one at a time: changes of the record that holds them all, at the leader. */
import type { Rule, RuleInput } from '@wgcni/api';
import { checkOptions } from '@wgcni/ipam';
import type { LeaderWriter } from '../registry/leader-writer.ts';
import type { ClusterState } from '../state/cluster-state.ts';
import { alterNetwork } from './alter-network.ts';

/** All rules, by name. */
export function showRules(state: ClusterState): Rule[] {
  const { rules = [] } = state.theNetwork().record;
  return [...rules].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Puts a rule in place of the one of its name, if there is one. Throws CatalogueError `request.invalid` that names what is wrong with it. */
export async function putRule(
  writer: LeaderWriter,
  name: string,
  input: RuleInput,
  ifMatch?: number,
): Promise<{ rule: Rule; revision: number }> {
  const rule: Rule = { name, protocol: 'any', ports: [], ...input };
  const [canonical = rule] = checkOptions({ rules: [rule] }, []).rules ?? [];
  const { item } = await alterNetwork(writer, ifMatch, (record) => {
    const { rules = [] } = record;
    const isNew = !rules.some((one) => one.name === name);
    const all = isNew ? [...rules, canonical] : rules.map((one) => (one.name === name ? canonical : one));
    return { ...record, ...checkOptions({ rules: all }, []) };
  });
  return { rule: canonical, revision: item.modRevision };
}

/** Takes a rule away; connections that stand by it end. One that is not there is fine. */
export async function deleteRule(writer: LeaderWriter, name: string, ifMatch?: number): Promise<void> {
  await alterNetwork(writer, ifMatch, (record) => {
    const { rules = [] } = record;
    return rules.some((one) => one.name === name)
      ? { ...record, rules: rules.filter((one) => one.name !== name) }
      : record;
  });
}
