/** Bugs of those who say who somebody is: certificates, and what is allowed by them (docs/security.md). */
import type { PlantedBug } from '../planted-bug.ts';
import { unitTestsOf } from './catchers.ts';

const certifying = unitTestsOf('apps/cluster-manager/src/routes/certificates.test.ts');
const ending = unitTestsOf('libs/pki/src/late-peer.test.ts');
const joining = unitTestsOf('apps/cluster-manager/src/registry/plan-join.test.ts');
const matrix = unitTestsOf('apps/cluster-manager/src/authorization/matrix.test.ts');
const ends = unitTestsOf('libs/pki/src/secure-server.test.ts');
const judging = unitTestsOf('libs/pki/src/judge-peer.test.ts');
const foreign = unitTestsOf('libs/api/src/server/foreign-site.test.ts');
const keeping = unitTestsOf('libs/pki/src/kept-credentials.test.ts');
const naming = unitTestsOf('libs/pki/src/identity.test.ts');
const transport = unitTestsOf('libs/pki/src/transport.test.ts');

export const identityBugs: readonly PlantedBug[] = [
  {
    name: 'anybody-forwards',
    promise: "§4.9 only a manager's credential may forward",
    does: 'believes whoever says for whom a request is forwarded',
    catchers: [matrix('putNetwork is refused to a node that forwards for an admin with 403')],
  },
  {
    name: 'node-changes-another',
    promise: '§4.9 a node changes only its own records',
    does: 'lets any node register, renew and release for any other',
    catchers: [matrix('registerNode is done for another node exactly when they may')],
  },
  {
    name: 'strangers-certificate-believed',
    promise: "§4.9 identity comes from the connection's credential",
    does: 'believes a certificate whoever has issued it',
    catchers: [
      judging('takes one of an authority that is not ours for nobody'),
      matrix('is refused to a certificate of another authority with 401'),
    ],
  },
  {
    name: 'any-certificate-is-a-managers',
    promise: '§4.9 a node cannot pass for a manager',
    does: 'takes whoever has a certificate with the right address for a manager',
    catchers: [ends('does not take a node of the cluster for its manager')],
  },
  {
    name: 'first-of-two-identities',
    promise: '§4.9 one certificate, one identity',
    does: 'takes the first of two identities in a certificate',
    catchers: [naming('is nobody with two of ours')],
  },
  {
    name: 'key-of-the-group-taken',
    promise: '§4.8 a private key is refused when others may read it',
    does: "takes a certificate's key that its group may read",
    catchers: [keeping('are refused when others may use the key (mode 640)')],
  },
  {
    name: 'renewed-as-somebody-else',
    promise: '§4.9 a process acts under its own name',
    does: 'takes renewed files over without looking whose they are',
    catchers: [keeping('with the certificate of another change nothing')],
  },
  {
    name: 'no-certificate-is-plain',
    promise: '§4.9 nobody is without a credential unless it was said',
    does: 'speaks plain HTTP when no certificate is named, without a word of it',
    catchers: [transport('is refused when nothing was said of it, with every way to say it')],
  },
  {
    name: 'plain-to-other-machines',
    promise: '§4.9 plain HTTP stays on loopback',
    does: 'takes http:// to another machine with --insecure',
    catchers: [transport('of plain are not http://192.0.2.1:1, also behind a good one')],
  },
  {
    name: 'site-of-a-browser-believed',
    promise: 'a page of another site changes nothing by the certificate of a browser',
    does: 'goes by Origin alone, which not every request of a browser has',
    catchers: [foreign('is refused of another site, whose browser hides where it comes from')],
  },
  {
    name: 'token-used-again',
    promise: 'issue 5: a join token is used as often as it says',
    does: 'takes a token again that is used up',
    catchers: [
      joining('that another key has used up admits nobody'),
      certifying('is one of two that use a token at once', 'does not join by a token that was used'),
    ],
  },
  {
    name: 'any-token-for-any-node',
    promise: 'decision 0007: a token for anybody is not one for somebody',
    does: 'lets a token that names no node replace the key of one that has joined',
    catchers: [
      joining('does not admit a node that has joined with another key'),
      certifying('that joins anew with a token of its own leaves no second certificate that works'),
    ],
  },
  {
    name: 'deletion-denies-nobody',
    promise: 'issue 5: deleting a node denies its certificate at once',
    does: 'takes a node out of the mesh and writes no denial',
    catchers: [certifying('that was deleted is refused at once'), matrix('getNode is refused to a deleted node')],
  },
  {
    name: 'deleted-while-registering',
    promise: 'issue 5: deleting a node denies its certificate at once',
    does: 'lets a registration that was under way bring a deleted node back',
    catchers: [
      certifying('that is deleted, or replaced, before the body of its registration has come is not registered by it'),
    ],
  },
  {
    name: 'late-stranger-believed',
    promise: 'decision 0007: who issued a certificate that has ended is looked at',
    does: 'renews a certificate that has ended whoever has issued it',
    catchers: [
      ending('of another authority of the same name is not taken'),
      certifying('renews a certificate that ended less than a hold-down ago, and does nothing else by it'),
    ],
  },
  {
    name: 'renewal-for-another-key',
    promise: 'decision 0007: a renewal keeps the key',
    does: 'certifies whatever key a renewal asks for',
    catchers: [certifying('renews with its own key, and with no other')],
  },
];
