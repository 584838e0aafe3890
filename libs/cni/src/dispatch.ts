/** One call of the plugin, from environment and stdin to what it prints: checks in the order of the spec, then one verb. */
import { CatalogueError, toCatalogueError } from '@wgcni/base';
import { aboutText, versionAnswer } from './about.ts';
import { dnsOf } from './dns.ts';
import {
  parseEnvironment,
  type AddEnvironment,
  type CheckEnvironment,
  type DelEnvironment,
  type Environment,
  type Variables,
} from './environment.ts';
import { formatFailure } from './failure.ts';
import { cniVersionOf, decodeDocument, parseNetworkConfig, type NetworkConfig } from './network-config.ts';
import type { JsonObject } from './json-shape.ts';
import { listedBy, parsePreviousResult, type ListedByResult } from './previous-result.ts';
import { requestedIps } from './requested-ips.ts';
import { findFlaws } from './result-check.ts';
import { formatResult } from './result-form.ts';
import { addressesResultOf, emptyResult, mergeResults, resultOf, type Attached, type CniResult } from './result.ts';
import { parseValidAttachments, type ValidAttachment } from './valid-attachments.ts';
import { isAtLeast, newestVersion, type CniVersion } from './version.ts';

/** An ADD that was carried out, until the runtime has its answer. */
export interface Addition {
  attached: Attached;
  /** Tells the other side that the runtime has the answer. */
  answered(): Promise<void>;
  /** Takes the attachment back: the answer could not be made or delivered. */
  undo(): Promise<void>;
}

/** What the verbs do; each rejects with a CatalogueError. The configuration is valid and of a version that has the verb. */
export interface VerbEffects {
  add(config: NetworkConfig, environment: AddEnvironment, ips: string[]): Promise<Addition>;
  del(config: NetworkConfig, environment: DelEnvironment): Promise<void>;
  check(config: NetworkConfig, environment: CheckEnvironment, listed: ListedByResult): Promise<void>;
  gc(config: NetworkConfig, valid: ValidAttachment[]): Promise<void>;
  status(config: NetworkConfig): Promise<void>;
}

export interface Call {
  variables: Variables;
  /** Everything on stdin; asked for only when the verb needs it. */
  readStdin(): Promise<string>;
  pluginVersion: string;
  effects: VerbEffects;
}

export interface Outcome {
  exitCode: 0 | 1;
  /** The one JSON object for stdout, if any. */
  answer?: JsonObject;
  /** Text for stderr, if any. */
  about?: string;
  /** Why it failed, for the log. */
  error?: CatalogueError;
  /** To be told whether `answer` reached stdout. */
  addition?: Addition;
}

type ConfiguredEnvironment = Exclude<Environment, { verb: 'VERSION' }>;

/** SPEC: CNI 0.4.0 brought CHECK, 1.1.0 GC and STATUS. */
const firstVersion: Record<ConfiguredEnvironment['verb'], CniVersion> = {
  ADD: '0.1.0',
  DEL: '0.1.0',
  CHECK: '0.4.0',
  GC: '1.1.0',
  STATUS: '1.1.0',
};

/** Runs one call. Never rejects: a failure of any kind is an outcome with code and message. */
export async function dispatch(call: Call): Promise<Outcome> {
  const spoken: { version: CniVersion } = { version: newestVersion };
  try {
    const environment = parseEnvironment(call.variables);
    if (environment === undefined) return { exitCode: 0, about: aboutText(call.pluginVersion) };
    const stdin = await call.readStdin();
    if (environment.verb === 'VERSION') return { exitCode: 0, answer: versionAnswer(stdin) };
    const document = decodeDocument(stdin);
    spoken.version = cniVersionOf(document);
    const config = parseNetworkConfig(document, spoken.version);
    refuseUnknownVerb(environment.verb, spoken.version);
    return await runVerb(call.effects, config, environment);
  } catch (thrown) {
    const error = toCatalogueError(thrown);
    return { exitCode: 1, answer: formatFailure(error, spoken.version), error };
  }
}

function refuseUnknownVerb(verb: ConfiguredEnvironment['verb'], version: CniVersion): void {
  if (isAtLeast(version, firstVersion[verb])) return;
  throw new CatalogueError('cni.version-unsupported', `${verb} does not exist in cniVersion ${version}`, {
    field: 'cniVersion',
    remedy: `use cniVersion ${firstVersion[verb]} or newer`,
  });
}

async function runVerb(
  effects: VerbEffects,
  config: NetworkConfig,
  environment: ConfiguredEnvironment,
): Promise<Outcome> {
  switch (environment.verb) {
    case 'ADD':
      return add(effects, config, environment);
    case 'DEL':
      await effects.del(config, environment);
      break;
    case 'CHECK':
      await effects.check(config, environment, listedToCheck(config, environment));
      break;
    case 'GC':
      await collect(effects, config);
      break;
    case 'STATUS':
      await effects.status(config);
      break;
  }
  return { exitCode: 0 };
}

/** Everything that can be refused is refused before the node-manager is asked. */
async function add(effects: VerbEffects, config: NetworkConfig, environment: AddEnvironment): Promise<Outcome> {
  const { cniVersion, document, isDelegated } = config;
  if (!isDelegated) refuseForeignIpam(document);
  const ips = requestedIps(document, environment.args);
  if (isDelegated) return addDelegated(effects, config, environment, ips);
  const dns = dnsOf(document);
  // SPEC: CNI 0.3.0 brought prevResult; before, a chain has no form for it.
  const isChainable = isAtLeast(cniVersion, '0.3.0');
  const previous = (isChainable ? parsePreviousResult(document, cniVersion) : undefined) ?? emptyResult();
  const addition = await effects.add(config, environment, ips);
  try {
    const own = { ...resultOf(addition.attached, environment.ifName, environment.netns), dns };
    return { exitCode: 0, answer: formatChecked(mergeResults(previous, own), cniVersion), addition };
  } catch (flawed) {
    await addition.undo();
    throw flawed;
  }
}

/** SPEC: CNI 1.1 §4: a delegated IPAM answers with addresses, routes and no interface; prevResult and dns are its caller's. */
async function addDelegated(
  effects: VerbEffects,
  config: NetworkConfig,
  environment: AddEnvironment,
  ips: string[],
): Promise<Outcome> {
  const addition = await effects.add(config, environment, ips);
  try {
    return { exitCode: 0, answer: formatChecked(addressesResultOf(addition.attached), config.cniVersion), addition };
  } catch (flawed) {
    await addition.undo();
    throw flawed;
  }
}

/** Addresses come from the node's own subnets; another source beside them would give addresses that no peer routes. */
function refuseForeignIpam(document: JsonObject): void {
  const ipam = document.ipam;
  if (ipam === undefined || ipam === null || JSON.stringify(ipam) === '{}') return;
  throw new CatalogueError('cni.field-unsupported', `ipam ${JSON.stringify(ipam).slice(0, 80)} is not supported`, {
    field: 'ipam',
    remedy: 'remove ipam: the node-manager gives addresses from the subnets of this node',
  });
}

function formatChecked(result: CniResult, version: CniVersion): JsonObject {
  const flaws = findFlaws(result);
  if (flaws.length === 0) return formatResult(result, version);
  throw new CatalogueError('internal.failed', `the result would be wrong: ${flaws.join('; ')}`, {
    remedy: 'nothing was attached; report this together with the versions of plugin and node-manager',
  });
}

/** SPEC: CNI 1.1 CHECK: without prevResult it cannot be done. */
function listedToCheck(
  { document, cniVersion, isDelegated }: NetworkConfig,
  environment: CheckEnvironment,
): ListedByResult {
  const previous = parsePreviousResult(document, cniVersion);
  // What the caller's interface has is the caller's to check; ours is whether the addresses are still held.
  if (isDelegated && previous !== undefined) return { addresses: [], routes: [] };
  if (previous !== undefined) return listedBy(previous, environment.ifName, environment.netns);
  throw new CatalogueError('config.invalid', 'prevResult is missing', {
    field: 'prevResult',
    remedy: 'hand back the result of ADD in prevResult',
  });
}

async function collect(effects: VerbEffects, config: NetworkConfig): Promise<void> {
  const valid = parseValidAttachments(config.document);
  if (valid !== undefined) await effects.gc(config, valid);
}
