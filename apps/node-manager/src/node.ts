/** One node, brought up in order and kept running until it is told to stop; every tunnel stays as it is. */
import { serveHealth } from '@wgcni/api/server';
import { type ErrorCode, messageOf } from '@wgcni/base';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { buildApp } from './app.ts';
import type { Config } from './config.ts';
import { keepOwnHost, runLoops } from './loops.ts';
import { openParts, type Parts } from './parts.ts';
import type { Ports } from './ports.ts';
import { ownUnderlay } from './registration/own-underlay.ts';
import { Entrances } from './serve/entrances.ts';
import { serve } from './serve/serve.ts';
import { nodeMetrics } from './status/node-metrics.ts';
import { readStatus } from './status/node-status.ts';
import { RegularLook } from './status/regular-look.ts';
import { version } from './version.ts';

/** Resolves when the signal aborts and nothing is served any more. Throws what makes a start or a run impossible. */
export async function runNode(config: Config, ports: Ports, signal: AbortSignal): Promise<void> {
  const parts = await openParts(config, ports);
  ports.log.info(
    {
      nodeId: parts.identity.nodeId,
      version,
      backend: ports.devices.backend,
      network: parts.keeper.view.network?.networkId ?? null,
    },
    'node.starting',
  );
  await parts.controlPlane.prepare();
  await prepareHost(config, ports, parts);
  // ORDER: what the last run left is adopted or rolled back before ADD is served.
  await parts.attachments.start(parts.keeper.attachmentsView);
  const health = await watchable(config, ports, parts);
  const entrances = new Entrances(config.cluster, ports.clock, ports.credentials);
  const app = await buildApp({
    version,
    attachments: parts.attachments,
    events: parts.events,
    status: () =>
      readStatus({
        ...ports,
        ...parts,
        nodeId: parts.identity.nodeId,
        version,
        backend: ports.devices.backend,
        standing: () => parts.board.standing,
        underlay: () => ownUnderlay(config, parts.keeper, ports.iproute),
      }),
    judgement: parts.judgement,
    clock: ports.clock,
    log: ports.log,
    entrances,
    onRefusal: health?.onRefusal,
    onAnswered: (answered) => parts.meters.answered(answered),
  });
  const route: RequestListener = (request, response) => app.routing(request, response);
  const serving = await serve(route, config, entrances, ports.log);
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  // Every loop waits on this one signal.
  setMaxListeners(0, until);
  try {
    await runLoops(config, ports, parts, until);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ended.abort(new Error('the node has ended'));
    await serving.close();
    await health?.close();
  }
}

/** Counters of the links in this process's namespace, whichever one /sys was mounted in. */
const ownNetDev = '/proc/self/net/dev';

/** Serves health and metrics when that is asked for. */
async function watchable(
  { cluster, healthListen: listen }: Config,
  ports: Ports,
  parts: Parts,
): Promise<{ onRefusal: (code: ErrorCode) => void; close: () => Promise<void> } | undefined> {
  if (listen === undefined) return undefined;
  const { clock, log, credentials } = ports;
  const readNetDev = ports.devices.backend === 'kernel' ? () => readFile(ownNetDev, 'utf8') : undefined;
  const regular = new RegularLook({ ...ports, ...parts, readNetDev });
  const metrics = nodeMetrics({ ...ports, ...parts, regular }, version);
  const ready = (): void => {
    const { refusal } = parts.judgement();
    if (refusal !== undefined) throw refusal;
  };
  const serving = await serveHealth({ listen, metrics, ready, cluster, credentials, clock, log });
  const ended = new AbortController();
  const looking = regular.run(ended.signal);
  const close = async (): Promise<void> => {
    ended.abort();
    await Promise.all([looking, serving.close()]);
  };
  return { onRefusal: (code) => metrics.refused(code), close };
}

/** A host that cannot be prepared at once is tried again by its loop; what is there goes on working. */
async function prepareHost(config: Config, ports: Ports, parts: Parts): Promise<void> {
  try {
    await keepOwnHost(config, ports, parts);
  } catch (error) {
    ports.log.error({ why: messageOf(error) }, 'host.not-prepared');
  }
}
