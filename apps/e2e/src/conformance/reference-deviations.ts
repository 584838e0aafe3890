/** Where the reference itself fails a case, and why: the table says it, and a test notices when it changes. */

const versionless = "Debian builds it without a version: 'CNI bridge plugin version unknown'";
const older = 'Debian 12 has 1.1.1, which speaks up to CNI 1.0.0';
const unclean = 'it leaves its veth pair until the DEL that libcni sends after a failed ADD';
const noStaleRelease = 'host-local refuses a second address; only a DEL in between helps';

export const referenceDeviations: Readonly<Record<string, string>> = {
  'about.no-environment': versionless,
  'about.empty-command': versionless,
  'version.newest': older,
  'stdin.error.version': 'its error objects have no cniVersion',
  'results.1.1.0': older,
  'results.ipv6.1.1.0': older,
  'results.mtu': older,
  'netns.file': 'DEL fails: the file is no namespace',
  'netns.host': 'it does not look: a veth pair and a default route are made on the host before the kernel refuses',
  'netns.host.override': 'the kernel refuses its second default route for IPv6',
  'repetition.add.link-removed': noStaleRelease,
  'repetition.add.netns-replaced': noStaleRelease,
  'repetition.add.after-failure': unclean,
  'gc.list': older,
  'gc.null': older,
  'gc.empty': older,
  'gc.absent': older,
  'gc.legacy': older,
  'gc.both-keys': older,
  'gc.no-path': older,
  'gc.other-network': older,
  'gc.twice': older,
  'gc.malformed': older,
  'gc.version': older,
  'status.version': older,
  'status.ready': older,
  'pool.ip.taken': unclean,
  'pool.ip.outside': unclean,
  'pool.ip.gateway': unclean,
  'pool.exhausted': unclean,
  'ipam.gc': older,
  'ipam.status': older,
  'pool.args.unknown': 'a value that holds "=" is no pair to it',
};
