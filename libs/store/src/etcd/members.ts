/** The members of an etcd cluster, one raw client each, so that the choice of member is ours. */
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Etcd3, type IOptions } from 'etcd3';
import type { EtcdOptions } from './options.ts';

/** A member's raw clients. Apart, since etcd3 closes every channel of a client when one call of it fails. */
export interface Member {
  url: string;
  unary: Etcd3;
  lease: Etcd3;
  watch: Etcd3;
}

/** Asks etcd to answer only while it has a leader: an isolated member would serve a silent, stale watch. */
const requireLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start: (metadata, listener, next) => {
      metadata.set('hasleader', 'true');
      next(metadata, listener);
    },
  });

/** Runs a call once: etcd3's own retries would turn our own success into a conflict. */
const once = {
  execute: async <T>(fn: () => T | Promise<T>): Promise<T> => fn(),
} as unknown as NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

/** One member per URL; dials on the first call. */
export function openMembers(options: EtcdOptions): Member[] {
  return options.urls.map((url) => {
    const open = (isStream: boolean): Etcd3 => new Etcd3(clientOptions(options, url, isStream));
    return { url, unary: open(false), lease: open(false), watch: open(true) };
  });
}

export function closeMembers(members: readonly Member[]): void {
  for (const { unary, lease, watch } of members) for (const client of [unary, lease, watch]) client.close();
}

function clientOptions(
  { auth, credentials, unaryTimeoutMs = 2_000 }: EtcdOptions,
  url: string,
  isStream: boolean,
): IOptions {
  return {
    hosts: url,
    ...(credentials === undefined ? {} : { credentials }),
    ...(auth === undefined ? {} : { auth }),
    faultHandling: { global: once, host: () => once },
    defaultCallOptions: () => ({
      interceptors: [requireLeader],
      ...(isStream ? {} : { deadline: Date.now() + unaryTimeoutMs }),
    }),
    grpcOptions: {
      'grpc.max_receive_message_length': 64 * 1_024 * 1_024,
      // etcd refuses pings more often than every 5 s.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3_000,
      'grpc.keepalive_permit_without_calls': 1,
      // A member that comes back is found within a second.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    },
  };
}
