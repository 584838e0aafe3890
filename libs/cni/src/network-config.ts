/** The network configuration on stdin: the part that every verb needs, and what this plugin adds to it. */
import { CatalogueError, messageOf } from '@wgcni/base';
import {
  isObject,
  misshapen,
  optionalBoolean,
  optionalObject,
  optionalString,
  optionalStrings,
  shown,
  valueOf,
} from './json-shape.ts';
import type { JsonObject } from './json-shape.ts';
import { cniVersions, impliedVersion, isCniVersion, type CniVersion } from './version.ts';

export interface NetworkConfig {
  cniVersion: CniVersion;
  /** The network's name. */
  name: string;
  /** Where the node-manager listens. */
  socket: string;
  /** Where deletions wait while the node-manager is away. */
  queueDir: string;
  /** Longest time of one ADD, CHECK, GC or STATUS, from the start of the process, in milliseconds. */
  timeoutMs: number;
  /** Longest time of one DEL in milliseconds, the queue included. */
  delTimeoutMs: number;
  /** GC removes also attachments that are alive. */
  isGcForced: boolean;
  /** STATUS fails also for what is a warning otherwise: a stored view (51), an exhausted pool (50). */
  isStatusStrict: boolean;
  /** Whether an interface plugin has delegated to us: addresses are wanted, and no interface. SPEC: CNI 1.1 §4. */
  isDelegated: boolean;
  /** The whole configuration, for what only one verb reads. */
  document: JsonObject;
}

/** The type under which configurations name this plugin. */
export const pluginName = 'wireguard-cni';

const defaultSocket = '/run/wgcni/node-manager.sock';
const defaultQueueDir = '/var/lib/wgcni/queue';
const defaultTimeoutMs = 30_000;
const defaultDelTimeoutMs = 10_000;
const maxTimeoutMs = 600_000;
/** The kernel's limit of a socket path, without its terminating zero. */
const maxSocketBytes = 107;
const maxNameLength = 253;

/** The JSON object on stdin. Throws CatalogueError `decode.failed` for anything else. */
export function decodeDocument(text: string): JsonObject {
  const remedy = 'give the network configuration on stdin as one JSON object';
  if (text.trim() === '') throw new CatalogueError('decode.failed', 'stdin is empty', { field: 'stdin', remedy });
  const document = parseJson(text, remedy);
  if (isObject(document)) return document;
  throw new CatalogueError('decode.failed', `stdin holds ${shown(document)}, not a JSON object`, {
    field: 'stdin',
    remedy,
  });
}

/**
 * The `cniVersion` of a document; absent means 0.1.0. Throws CatalogueError `decode.failed` when it is no string and
 * `cni.version-unsupported`, with the supported list, when it is none of ours.
 */
export function cniVersionOf(document: JsonObject): CniVersion {
  const text = optionalString(valueOf(document, 'cniVersion'), 'cniVersion', 'decode.failed') ?? impliedVersion;
  if (isCniVersion(text)) return text;
  throw new CatalogueError('cni.version-unsupported', `cniVersion "${text}" is not supported`, {
    field: 'cniVersion',
    remedy: `use one of ${cniVersions.join(', ')}`,
  });
}

/** The configuration of a document. Throws CatalogueError `config.invalid` naming the field that is wrong. */
export function parseNetworkConfig(document: JsonObject, cniVersion: CniVersion): NetworkConfig {
  optionalStrings(valueOf(document, 'cniVersions'), 'cniVersions');
  const isDelegated = isDelegatedTo(document);
  // As an IPAM our keys stand where its type does.
  const keys = isDelegated ? (optionalObject(valueOf(document, 'ipam'), 'ipam') ?? {}) : document;
  return {
    cniVersion,
    name: parseName(valueOf(document, 'name')),
    socket: parsePath(keys, 'socket', defaultSocket, maxSocketBytes),
    queueDir: parsePath(keys, 'queueDir', defaultQueueDir, 4000),
    timeoutMs: parseTimeout(keys, 'timeoutMs', defaultTimeoutMs),
    delTimeoutMs: parseTimeout(keys, 'delTimeoutMs', defaultDelTimeoutMs),
    isGcForced: optionalBoolean(valueOf(keys, 'gcForce'), 'gcForce'),
    isStatusStrict: optionalBoolean(valueOf(keys, 'strictStatus'), 'strictStatus'),
    isDelegated,
    document,
  };
}

/** Our type under `ipam`, in the configuration of another plugin. */
function isDelegatedTo(document: JsonObject): boolean {
  const { type, ipam } = document;
  return type !== pluginName && isObject(ipam) && ipam.type === pluginName;
}

function parseJson(text: string, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CatalogueError('decode.failed', `stdin is not JSON: ${messageOf(cause)}`, {
      field: 'stdin',
      remedy,
      cause,
    });
  }
}

/** SPEC: CNI 1.1 §1: a letter or digit, then letters, digits, '_', '.', '-'. */
function parseName(value: unknown): string {
  if (typeof value === 'string' && value.length <= maxNameLength && /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(value)) {
    return value;
  }
  throw new CatalogueError('config.invalid', `name is ${shown(value)}, which is not a network name`, {
    field: 'name',
    remedy: `use at most ${maxNameLength} letters, digits, "_", "." and "-", beginning with a letter or digit`,
  });
}

function parsePath(document: JsonObject, field: string, fallback: string, maxBytes: number): string {
  const path = optionalString(valueOf(document, field), field) ?? fallback;
  const isFit = path.startsWith('/') && !path.includes('\0') && new TextEncoder().encode(path).length <= maxBytes;
  if (isFit) return path;
  throw misshapen(path, field, `an absolute path of at most ${maxBytes} bytes`, 'config.invalid');
}

function parseTimeout(document: JsonObject, field: string, fallback: number): number {
  const value = valueOf(document, field);
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxTimeoutMs) return value;
  throw misshapen(value, field, `a whole number of milliseconds from 1 to ${maxTimeoutMs}`, 'config.invalid');
}
