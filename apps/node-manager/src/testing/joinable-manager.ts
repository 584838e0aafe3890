/** A cluster-manager as far as a node that joins can tell: HTTPS of an authority, and certificates for whoever asks. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Certificate, CertificateInput } from '@wgcni/api';
import { type CatalogueError, toCatalogueError, toProblem } from '@wgcni/base';
import { certificatesIn, certificateDigest, generateKeyPair, publicKeyDigest } from '@wgcni/pki';
import { Authority, readCertificateRequest, subjectOf } from '@wgcni/pki/authority';

const cluster = 'main';
const lifeMs = 3_600_000;

export class JoinableManager {
  readonly authority: Authority;
  readonly url: string;
  /** Digests of the keys that were certified, or refused. */
  readonly asked: string[] = [];
  /** What it refuses with, once for each. */
  readonly refusals: CatalogueError[] = [];
  /** Authorities that it answers (default: its own). */
  authorities: string;
  readonly #server: Server;

  private constructor(authority: Authority, server: Server) {
    this.authority = authority;
    this.authorities = authority.trusted;
    this.#server = server;
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => {
      const nodeId = request.url?.split('/')[3] ?? '';
      void text(request)
        .then((body) => this.#join(nodeId, JSON.parse(body) as CertificateInput))
        .then((answer) => ({ status: 200, answer }))
        .catch((thrown: unknown) => {
          const error = toCatalogueError(thrown);
          return { status: error.http, answer: toProblem(error) };
        })
        .then(({ status, answer }) => response.writeHead(status).end(JSON.stringify(answer)));
    });
  }

  static async start(authority?: Authority): Promise<JoinableManager> {
    const own = authority ?? (await Authority.open(await Authority.create(cluster, Date.now())));
    const { key, publicKey } = generateKeyPair();
    const subject = subjectOf({ kind: 'manager', cluster, replicaId: 'm1' }, ['127.0.0.1']);
    const cert = await own.issue({ subject, publicKey, lifeMs, wallMs: Date.now() });
    const server = createServer({ cert: cert + own.trusted, key: key.reveal() });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new JoinableManager(own, server);
  }

  /** As a token has it. */
  get digest(): string {
    return certificatesIn(this.authority.trusted).map(certificateDigest)[0] ?? '';
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #join(nodeId: string, { request }: CertificateInput): Promise<Certificate> {
    const publicKey = await readCertificateRequest(request);
    this.asked.push(publicKeyDigest(publicKey));
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    const subject = subjectOf({ kind: 'node', cluster, nodeId });
    const certificate = await this.authority.issue({ subject, publicKey, lifeMs, wallMs: Date.now() });
    return { certificate, authorities: this.authorities };
  }
}
