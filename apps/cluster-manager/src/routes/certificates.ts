/** How a node gets its certificate and keeps one: joining by a token, and renewing. */
import { CertificateInputSchema, CertificateSchema, NodeIdText } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { publicKeyDigest, readBearer } from '@wgcni/pki';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { knowSchemas, refTo } from '@wgcni/api/server';
import { certificateLifeMs, issue, issuingAuthority } from '../registry/issue.ts';
import { expectToken, joinNode, tokenRefused } from '../registry/join.ts';
import { admissionNow, admitAsShown } from '../registry/admission-now.ts';
import { refuseUnadmitted } from '../authorization/admission.ts';
import type { Replica } from '../replica.ts';
import { shownKeyOf } from './caller.ts';

const tags = ['certificates'];
const params = Type.Object({ nodeId: NodeIdText }, { additionalProperties: false });

/** POST /v1/nodes/{nodeId}/join and /v1/nodes/{nodeId}/certificate, at any replica. */
export function certificateRoutes(server: FastifyInstance, replica: Replica): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [CertificateInputSchema, CertificateSchema]);
  const answered = { params, body: refTo(CertificateInputSchema), response: { 200: refTo(CertificateSchema) } };
  const join = { tags, summary: 'Join by a token, shown as a bearer, and get a certificate', operationId: 'joinNode' };
  app.post('/v1/nodes/:nodeId/join', { schema: { ...join, ...answered } }, async ({ params, body, headers }) => {
    const issuing = issuingAuthority(replica);
    const token = readBearer(headers.authorization);
    if (token === undefined) throw tokenRefused();
    // ORDER: what cannot be issued must not use the token up.
    certificateLifeMs(replica.state);
    // ORDER: cheap first: a stranger's request is not looked at before his token.
    await expectToken(replica, token);
    const publicKey = await issuing.keyOf(body.request);
    await joinNode(replica, { nodeId: params.nodeId, token, keyDigest: publicKeyDigest(publicKey) });
    return issue(replica, params.nodeId, { publicKey, by: `token ${token.id}` });
  });
  const renew = {
    tags,
    summary: 'Renew a certificate with the same key, also one that has ended less than a hold-down ago',
    operationId: 'renewCertificate',
  };
  app.post('/v1/nodes/:nodeId/certificate', { schema: { ...renew, ...answered } }, async (request) => {
    const { nodeId } = request.params;
    const publicKey = await issuingAuthority(replica).keyOf(request.body.request);
    const keyDigest = shownKeyOf(request);
    if (publicKeyDigest(publicKey) !== keyDigest)
      throw new CatalogueError('request.invalid', 'the request is for another key than that of the certificate', {
        field: 'request',
        remedy: 'renew with the same key, or join anew by a token',
      });
    // FENCE: not by this replica's view, which may be behind: a certificate that is issued now is good for days.
    const admission = await admissionNow(replica, nodeId);
    refuseUnadmitted(admission, keyDigest);
    if (admission === undefined) await admitAsShown(replica, nodeId, keyDigest);
    return issue(replica, nodeId, { publicKey, by: 'renewal' });
  });
}
