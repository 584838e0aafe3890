/**
 * A private key has no place in any document: every property that would take a text of a key's form is known here, by what stands in it.
 * One that is new is red: constrain it (`pattern`, `maxLength`), or say here why it may be.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as store from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { answeredPlaces, askedPlaces, isOpen, type Place, type Schema, takesText } from './document-places.ts';

const root = join(import.meta.dirname, '../../../..');
const names = ['cluster-manager', 'node-manager'];
const documents = new Map(
  names.map((name) => [name, parse(readFileSync(join(root, 'openapi', `${name}.yaml`), 'utf8')) as Schema]),
);

/** As `wg genkey` prints one; made for this test. */
const keyText = 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=';

/** Properties of this name hold a public key, which has the same form. */
const publicKeyName = /(^|\.| query )publicKey$/;
/** Where a list goes on: text that we made ourselves, and that is looked up, never kept. */
const cursorName = / query after$|Page\.next$/;

/** Everything else that is answered as free text, with where it comes from. */
const freeAnswers: Readonly<Record<string, string>> = {
  'Problem.type': 'code of the catalogue',
  'Problem.title': 'code of the catalogue',
  'Problem.code': 'code of the catalogue',
  'Problem.detail': 'a message of ours; key-scan looks at every one',
  'Problem.field': 'name of a field',
  'Problem.remedy': 'a message of ours',
  'PoolUse.subnets': 'a number of any size, as text',
  'NodeStatus.addresses[].free': 'a number of any size, as text',
  'Node.version': 'of a program',
  'Replica.version': 'of a program',
  'NodeStatus.version': 'of a program',
  'Leader.self': 'replica id, a flag',
  'Leader.leader.replicaId': 'replica id, a flag',
  'Replica.replicaId': 'replica id, a flag',
  'Leader.leader.url': 'a flag',
  'Replica.url': 'a flag',
  'Health.status': 'a word of ours',
  'Health.reason': 'a message of ours',
  'NodeStatus.reason': 'a message of ours',
  'NodeStatus.backend': 'a word of ours',
  'NodeStatus.quarantined[]': 'keys of the store, not their values',
  'NodeStatus.contested[]': 'names of ours, of peers or of routes',
  'NodeStatus.drift[]': 'messages of ours',
  'get /v1/clients/{name}/config answer': 'made of what the register shows; key-scan looks at it',
  'NodeStatus.mtu.problem': 'a message of ours',
  'NodeStatus.mtu.waiting[].why': 'a message of ours, or of the kernel',
  'NodeStatus.policy.rules[].name': 'a name that an operator chose',
  'NodeStatus.policy.denied[].what': 'words of ours',
  'NodeStatus.tunnels[].cause': 'a message of ours',
  'NodeStatus.tunnelsProblem': 'a message of ours, or what fping says of itself',
  'NodeStatus.pathsProblem': 'a message of ours, or what fping says of itself',
  'Event.subject': 'a name of ours, of a peer or of a route',
  'Event.message': 'a message of ours',
  'Event.cause': 'a message of ours, or of the kernel',
  'Event.remedy': 'a message of ours',
  'Report.version': 'of a program',
  'ReportSummary.version': 'of a program',
  'Overview.cluster': 'a flag',
  'Overview.self': 'replica id, a flag',
  'Overview.leader': 'replica id, a flag',
  'Overview.replicas[].replicaId': 'replica id, a flag',
  'Overview.replicas[].version': 'of a program',
  'Overview.nodes[].version': 'of a program',
  'Overview.nodes[].report.problems[]': 'of a report, which takes nothing of the form of a key',
  'Overview.tunnels[].since': 'of a report, an instant',
  'Overview.tunnels[].cause': 'of a report, which takes nothing of the form of a key',
  'Attachment.netns': 'a path that the runtime said',
};

/** Every text in a value of the store. */
const storedTexts = [
  'ContainersRecord.containers[].publicKey',
  ...['GoneRecord.at', 'GoneRecord.id', 'GoneRecord.nodeId', 'GoneRecord.publicKey', 'ClientRecord.publicKey'],
  ...['GoneRecord.subnets[].cidr', 'GoneRecord.subnets[].grantId'],
  ...['KeyClaimRecord.nodeId', 'LeaderRecord.replicaId', 'LeaderRecord.url'],
  ...['NetworkRecord.networkId', 'NetworkRecord.pools[].cidr'],
  ...['NodeRecord.endpoints[]', 'NodeRecord.nodeId', 'NodeRecord.publicKey'],
  ...['NodeRecord.subnets[].cidr', 'NodeRecord.subnets[].grantId'],
  ...['RecoveringRecord.why', 'RegistrationRecord.leaseId'],
  ...['RegistrationRecord.nodeId', 'RegistrationRecord.version'],
  ...['ReplicaRecord.replicaId', 'ReplicaRecord.url', 'ReplicaRecord.version'],
  ...['SubnetRecord.cidr', 'SubnetRecord.grantId', 'SubnetRecord.nodeId', 'AdmissionRecord.nodeId'],
];

describe('a private key has no place', () => {
  it.each([...documents])('in what callers of the %s send: only a public key has its form', (_name, document) => {
    const places = askedPlaces(document);
    expect(places.length).toBeGreaterThan(20);
    expect(namesOf(places.filter((place) => takesText(place, keyText))).filter((name) => !isKnown(name))).toEqual([]);
    expect(namesOf(places.filter(isOpen)), 'objects that take properties which they do not name').toEqual([]);
  });

  it.each([...documents])('in what the %s answers, but in texts whose origin is known', (_name, document) => {
    const texts = namesOf(answeredPlaces(document).filter((place) => takesText(place, keyText)));
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.filter((name) => !isKnown(name) && !Object.hasOwn(freeAnswers, name))).toEqual([]);
  });

  it('in a property that is called like one, in either document', () => {
    const places = [...documents.values()].flatMap((document) => [
      ...askedPlaces(document),
      ...answeredPlaces(document),
    ]);
    expect(namesOf(places).filter((name) => /private|preshared|psk|secret|passw/i.test(name))).toEqual([]);
  });

  it('in a value of the store', () => {
    const records = Object.entries(store).filter(([name, value]) => name.endsWith('Record') && isSchema(value));
    const document = { components: { schemas: Object.fromEntries(records) }, paths: { records: pathOf(records) } };
    const texts = namesOf(answeredPlaces(document).filter((place) => takesText(place, keyText)));
    expect(texts).toEqual([...storedTexts].sort());
  });

  it('and the walk sees through references, lists, unions and maps', () => {
    const schemas = { Inner: { type: 'object', properties: { text: { type: 'string' } } } };
    const schema = {
      type: 'object',
      additionalProperties: {
        anyOf: [{ type: 'null' }, { type: 'array', items: { $ref: '#/components/schemas/Inner' } }],
      },
    };
    const answer = { responses: { 200: { content: { json: { schema } } } } };
    const places = answeredPlaces({ components: { schemas }, paths: { '/x': { get: answer } } });
    expect(namesOf(places.filter((place) => takesText(place, keyText)))).toEqual(['Inner.text']);
    expect(namesOf(places.filter(isOpen))).toEqual(['Inner', 'get /x answer']);
  });
});

function isKnown(name: string): boolean {
  return publicKeyName.test(name) || cursorName.test(name);
}

function namesOf(places: readonly Place[]): string[] {
  return [...new Set(places.map(({ name }) => name))].sort();
}

function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** The records of the store, as if each were answered by an operation of its own. */
function pathOf(records: readonly (readonly [string, unknown])[]): Schema {
  return Object.fromEntries(
    records.map(([name]) => {
      const schema = { $ref: `#/components/schemas/${name}` };
      return [name, { responses: { 200: { content: { json: { schema } } } } }];
    }),
  );
}
