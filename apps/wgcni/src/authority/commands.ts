/** `wgcni authority`: makes an authority, issues from it, and makes its successor; everything on this machine, nothing is sent. */
import { parseDuration } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { certificateDigest, certificatesIn, generateKeyPair } from '@wgcni/pki';
import { Authority } from '@wgcni/pki/authority';
import { resolve } from 'node:path';
import type { Answer } from '../answer.ts';
import { openAuthority, writePair, writeTrusted } from './authority-directory.ts';
import { type SubjectFlags, subjectOfFlags } from './subject-of.ts';

export interface IssueFlags extends SubjectFlags {
  dir: string;
  out: string;
  life: string;
}

export async function create(dir: string, name: string): Promise<Answer> {
  const paths = await writePair(dir, 'authority', await Authority.create(name, Date.now()));
  const digest = (await openAuthority(dir)).authority.digest;
  return {
    value: { ...paths, digest },
    text: [
      `${paths.cert}  certificate, for everybody who judges by it`,
      `${paths.key}  key: whoever has it can be anybody; give it to the cluster-managers alone (--authority-cert, --authority-key), and keep a copy offline`,
      `SHA-256 ${digest}`,
    ].join('\n'),
  };
}

export async function issue(kind: string, name: string, flags: IssueFlags): Promise<Answer> {
  const subject = subjectOfFlags(kind, name, flags);
  const { authority } = await openAuthority(flags.dir);
  const lifeMs = parseDuration(flags.life);
  if (lifeMs === undefined || lifeMs < 60_000)
    throw new CatalogueError('config.invalid', `--life "${flags.life}" is not a duration of at least a minute`, {
      field: '--life',
      remedy: 'write it like 12h or 90d',
    });
  const { key, publicKey } = generateKeyPair();
  const cert = await authority.issue({ subject, publicKey, lifeMs, wallMs: Date.now() });
  const paths = await writePair(flags.out, name, { cert: cert + authority.between, key });
  const validTo = new Date(Date.now() + lifeMs).toISOString();
  return {
    value: { ...paths, commonName: subject.commonName, validTo },
    text: `${paths.cert}\n${paths.key}\n${subject.commonName}, until ${validTo}; renew it by issuing again before then`,
  };
}

/** The successor stands in a directory of its own; the one before goes on until it is taken out everywhere. */
export async function rotate(dir: string, out: string, name: string): Promise<Answer> {
  if (resolve(dir) === resolve(out))
    throw new CatalogueError('config.invalid', '--out is the directory of the present authority', {
      field: '--out',
      remedy: 'name a new directory: the present authority is needed until everybody has gone over',
    });
  const { authority } = await openAuthority(dir);
  const next = await authority.succeedBy(await Authority.create(name, Date.now()));
  const paths = await writePair(out, 'authority', next);
  const { trusted } = await Authority.open(next);
  const both = await writeTrusted(out, trusted + authority.trusted);
  const [digest = ''] = certificatesIn(trusted).map(certificateDigest);
  return {
    value: { ...paths, trusted: both, digest },
    text: [
      `${paths.cert}  certificate of the successor, with one by ${dir}: who trusts that one takes what it issues`,
      `${paths.key}  its key`,
      `${both}  both, to be trusted until the old one is taken out (--authority-ca, --tls-ca, etcd's --trusted-ca-file)`,
      `SHA-256 ${digest}`,
    ].join('\n'),
  };
}
