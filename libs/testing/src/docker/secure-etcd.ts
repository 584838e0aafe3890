/** A single etcd with TLS in a container, of the engine that the global setup started: nobody's but one test's. */
import { GenericContainer, Wait } from 'testcontainers';
import { etcdImage } from './etcd-image.ts';
import { variables } from './member.ts';

/** PEM. */
export interface ServerFiles {
  cert: string;
  key: string;
  ca: string;
}

export interface SecureEtcd {
  url: string;
  stop(): Promise<void>;
}

const clientPort = 2379;
const files = { cert: '/tls/cert.pem', key: '/tls/key.pem', ca: '/tls/ca.pem' };

/** The address that its certificate must have. */
export function engineAddress(): string {
  return process.env['TESTCONTAINERS_HOST_OVERRIDE'] ?? '127.0.0.1';
}

/** Starts it on `hostPort` of the engine; `flags` say how it judges clients, such as `--client-cert-auth`. */
export async function startSecureEtcd(
  hostPort: number,
  server: ServerFiles,
  flags: readonly string[],
): Promise<SecureEtcd> {
  if (process.env[variables.dockerHost] === undefined)
    throw new Error('no engine: run this with `vitest --project int`');
  const url = `https://${engineAddress()}:${hostPort}`;
  const container = await new GenericContainer(etcdImage)
    .withExposedPorts({ container: clientPort, host: hostPort })
    .withCopyContentToContainer(
      (['cert', 'key', 'ca'] as const).map((part) => ({ content: server[part], target: files[part], mode: 0o600 })),
    )
    .withCommand([
      ...['/bin/etcd', '--data-dir', '/data', '--listen-client-urls', `https://0.0.0.0:${clientPort}`],
      ...['--advertise-client-urls', url, '--cert-file', files.cert, '--key-file', files.key],
      ...['--trusted-ca-file', files.ca, '--logger', 'zap', '--log-level', 'error', ...flags],
    ])
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(30_000)
    .start();
  return { url, stop: () => container.stop({ timeout: 0 }).then(() => undefined) };
}
