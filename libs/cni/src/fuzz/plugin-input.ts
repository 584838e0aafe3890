/** Random input of a plugin: what a runtime might send, right, nearly right and absurd. */
import fc from 'fast-check';
import { verbs } from '../environment.ts';
import { cniVersions } from '../version.ts';

const text = fc.oneof(
  fc.string(),
  fc.constantFrom('', 'c1', 'eth0', '/run/netns/a', 'IP=10.0.0.1;', 'IgnoreUnknown=1'),
);
/** The environment of a call. */
export const fuzzedVariables = fc.record(
  {
    CNI_COMMAND: fc.oneof({ arbitrary: fc.constantFrom(...verbs), weight: 9 }, fc.string()),
    CNI_CONTAINERID: fc.oneof({ arbitrary: fc.constant('c1'), weight: 5 }, text),
    CNI_NETNS: fc.oneof({ arbitrary: fc.constant('/run/netns/a'), weight: 5 }, text),
    CNI_IFNAME: fc.oneof({ arbitrary: fc.constant('eth0'), weight: 5 }, text),
    CNI_PATH: fc.constant('/opt/cni/bin'),
    CNI_ARGS: text,
    CNI_NETNS_OVERRIDE: text,
  },
  { requiredKeys: ['CNI_COMMAND'] },
);

/** An object that is nearly right: the keys we read, with values of any shape. */
const nearly = (keys: readonly string[]) =>
  fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
const ip = fc.record(
  { address: fc.oneof(text, fc.constant('10.0.0.2/32')), interface: fc.oneof(fc.integer(), fc.constant(0)) },
  { requiredKeys: [] },
);
/** What a runtime may hand back as the result of an earlier plugin. */
export const fuzzedPrevResult = fc.oneof(
  nearly(['cniVersion', 'ips', 'interfaces', 'routes', 'dns', 'ip4', 'ip6']),
  fc.record({
    interfaces: fc.array(fc.record({ name: text, sandbox: text })),
    ips: fc.array(ip),
  }),
);
/** A configuration of which each key is right, nearly right or anything. */
export const fuzzedConfig = fc.record(
  {
    cniVersion: fc.oneof({ arbitrary: fc.constantFrom(...cniVersions), weight: 9 }, fc.jsonValue()),
    name: fc.oneof({ arbitrary: fc.constant('mesh'), weight: 9 }, fc.jsonValue()),
    prevResult: fc.oneof(fuzzedPrevResult, fc.jsonValue()),
    runtimeConfig: fc.oneof(nearly(['ips', 'IPs', 'dns', 'mac']), fc.jsonValue()),
    args: fc.oneof(nearly(['cni']), fc.jsonValue()),
    dns: fc.oneof(nearly(['nameservers', 'domain', 'search', 'options']), fc.jsonValue()),
    'cni.dev/valid-attachments': fc.oneof(fc.array(fc.record({ containerID: text, ifname: text })), fc.jsonValue()),
    timeoutMs: fc.jsonValue(),
    socket: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
/** What is on stdin: mostly a configuration. */
export const fuzzedStdin = fc.oneof(
  { arbitrary: fuzzedConfig.map((value) => JSON.stringify(value)), weight: 9 },
  fc.string(),
  fc.json(),
);
