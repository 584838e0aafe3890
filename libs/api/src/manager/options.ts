/** What a network can be told besides its address plan, as the cluster-manager serves it. */
import { Type, type Static } from '@sinclair/typebox';
import { CidrText, OneOf } from '../formats.ts';

export const RuleName = Type.String({
  pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$',
  description: 'name of the rule',
  examples: ['web'],
});
const PlaceText = Type.String({
  maxLength: 43,
  description: 'CIDR block, or one of the words containers, clients, nodes, any; as a destination also node',
  examples: ['10.64.3.0/24', 'clients'],
});
const PortsText = Type.String({
  pattern: '^[0-9]{1,5}(-[0-9]{1,5})?$',
  description: 'a port, or the first and the last of a range',
  examples: ['80', '8000-8100'],
});

const places = Type.Array(PlaceText, { minItems: 1, maxItems: 64 });
const ports = Type.Array(PortsText, { maxItems: 64, description: 'of tcp, udp or sctp; none: all' });
const protocol = OneOf(['any', 'tcp', 'udp', 'sctp', 'icmp'], 'icmp: that of both families');

/** Who may reach whom; what is allowed without a rule stands in the guide. */
export const RuleSchema = Type.Object(
  { name: RuleName, from: places, to: places, protocol, ports },
  { $id: 'Rule', additionalProperties: false },
);

/** Putting a rule under its name. */
export const RuleInputSchema = Type.Object(
  { from: places, to: places, protocol: Type.Optional(protocol), ports: Type.Optional(ports) },
  { $id: 'RuleInput', additionalProperties: false },
);

const masquerade = {
  mode: OneOf(['auto', 'on', 'off'], 'auto: IPv4 and unique local IPv6 pools, not global IPv6'),
  except: Type.Array(CidrText, { maxItems: 64, description: 'CIDRs that containers reach under their own addresses' }),
};

/** The options of a network, all of them. */
export const networkOptions = {
  clientPools: Type.Array(CidrText, {
    maxItems: 2,
    description: 'CIDRs that clients get their addresses from, at most one of each family',
  }),
  masquerade: Type.Object(masquerade, {
    additionalProperties: false,
    description: "whether what leaves the cluster gets the node's address",
  }),
  isolation: OneOf(['open', 'isolated'], 'isolated: containers reach nothing but what a rule allows'),
  rules: Type.Array(RuleSchema, { maxItems: 1_000 }),
  direct: OneOf(
    ['off', 'node', 'cluster'],
    "whose containers are peers of each other, past the node's routing: those of one node, or of all nodes",
  ),
  link: OneOf(['wireguard', 'veth'], 'what joins later containers to their node'),
};

/** What is said of the options; of `masquerade` one part without the other leaves that one as it is. */
export const optionsPatch = {
  ...Type.Partial(Type.Object(networkOptions)).properties,
  masquerade: Type.Optional(Type.Partial(Type.Object(masquerade), { additionalProperties: false })),
};

export type Rule = Static<typeof RuleSchema>;
export type RuleInput = Static<typeof RuleInputSchema>;
