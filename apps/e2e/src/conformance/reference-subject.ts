/** The oracle: the reference plugins `bridge` and `host-local` as Debian ships them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { referencePlugins } from '@wgcni/testing';
import { describedSubject } from './described-subject.ts';
import { settings, type SubjectSource } from './subject.ts';

const network = 'reference';
const v6 = [{ subnet: 'fd88::/64' }];

/** Its allocations are files of its own directory. */
export function referenceSubject(): SubjectSource {
  const name = 'bridge + host-local';
  return {
    name,
    settings,
    open: async (setting) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'wgcni-reference-'));
      const config = (...ranges: { subnet: string }[][]) => ({
        ...{ name: network, type: 'bridge', bridge: 'cni-ref0', isDefaultGateway: true },
        ipam: { type: 'host-local', dataDir, ranges },
      });
      const dual = config([{ subnet: '10.88.0.0/24' }], v6);
      const opened = await describedSubject({
        name,
        plugin: `${referencePlugins}/bridge`,
        cniPath: referencePlugins,
        configs: { dual, tiny: config([{ subnet: '10.88.0.0/29' }], v6), ipv6: config(v6) },
        ipam: { plugin: `${referencePlugins}/host-local`, config: { ...dual, type: 'ptp' } },
        range: { gateway: '10.88.0.1', inside: '10.88.0.200', inside6: 'fd88::c8', outside: '10.250.0.9' },
        // Each address is a file that holds the container's id and the interface's name on two lines.
        holdings: [
          'sh',
          '-c',
          `cd "$1" 2>/dev/null || exit 0; for f in [0-9a-f]*[.:]*; do [ -f "$f" ] && echo "allocation $(tr -s '\\r\\n' '/' <"$f") $f"; done; true`,
          'sh',
          `${dataDir}/${network}`,
        ],
      }).open(setting);
      return {
        subject: opened.subject,
        close: async () => {
          await opened.close();
          await rm(dataDir, { recursive: true, force: true });
        },
      };
    },
  };
}
