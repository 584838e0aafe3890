/** What `ip` says of itself is believed: a look that failed or was interrupted is no look at an empty namespace. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExecIpRoute } from './ip-route.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wgcni-ip-'));
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

const whole = `echo '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536}]'; echo '[]'`;
const interrupted = `echo 'Dump was interrupted and may be inconsistent.' >&2`;

/** A program called `ip` in place of the real one; each start is counted. */
async function ipThat(script: string): Promise<ExecIpRoute> {
  const path = join(directory, 'ip');
  await writeFile(path, `#!/bin/sh\necho >>${join(directory, 'starts')}\ncat >/dev/null\n${script}\n`);
  await chmod(path, 0o755);
  return new ExecIpRoute();
}

const starts = async () => (await readFile(join(directory, 'starts'), 'utf8')).length;

describe('a look through ip', () => {
  it('shows what ip shows', async () => {
    expect(await (await ipThat(whole)).observe(undefined)).toMatchObject({ links: [{ name: 'lo' }], addresses: [] });
  });

  it.each([
    ['fails', `${whole}; echo 'Cannot send dump request: No buffer space available' >&2; exit 1`, 'No buffer space'],
    [
      'stops at its second line',
      `${whole}; printf 'RTNETLINK answers: x\\nCommand failed -:2\\n' >&2; exit 1`,
      'answers: x',
    ],
    ['is killed', 'kill -9 $$', 'status -1'],
    ['says nothing', 'exit 255', 'status 255'],
  ])('that %s is refused, naming the cause', async (_, script, cause) => {
    await expect((await ipThat(script)).observe(undefined)).rejects.toMatchObject({
      code: 'kernel.refused',
      message: expect.stringContaining(cause),
    });
  });

  it('that was interrupted is taken again', async () => {
    const ip = await ipThat(
      `if [ $(wc -l <${directory}/starts) -lt 3 ]; then echo '[]'; ${interrupted}; else ${whole}; fi`,
    );
    expect((await ip.observe(undefined)).links).toHaveLength(1);
    expect(await starts()).toBe(3);
  });

  it('that is interrupted each time is refused', async () => {
    await expect((await ipThat(`${whole}; ${interrupted}`)).observe(undefined)).rejects.toMatchObject({
      code: 'kernel.refused',
      message: expect.stringContaining('interrupted'),
    });
    expect(await starts()).toBe(7);
  });
});

describe('an ip that is kept', () => {
  /** Answers each line for itself, as `ip -batch -` does. */
  const answers = (...more: string[]) => `#!/bin/sh
echo >>${directory}/starts
while read -r line; do
  case $line in
    'addr show' | 'link show'*) echo '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536}]' ;;
    'route show'*) echo '[]' ;;
    *) echo "$line" >>${directory}/changes ;;
  esac
  ${more.join('\n')}
done
`;
  const kept = async (script: string): Promise<ExecIpRoute> => {
    await writeFile(join(directory, 'ip'), script);
    await chmod(join(directory, 'ip'), 0o755);
    return new ExecIpRoute({ keepsProcess: true });
  };
  const route = (destination: string) => ({
    kind: 'set-route' as const,
    route: { destination, kind: 'unreachable' as const },
  });

  it('is started once for many looks and changes, one after the other', async () => {
    const ip = await kept(answers());
    const looks = await Promise.all([ip.observe(undefined), ip.observe(undefined), ip.observe(undefined)]);
    expect(looks.map(({ links }) => links.length)).toEqual([1, 1, 1]);
    await ip.apply([route('10.64.1.0/24'), route('10.64.2.0/24')], undefined);
    await ip.apply([], undefined);
    expect((await readFile(join(directory, 'changes'), 'utf8')).trim().split('\n')).toEqual([
      'route replace unreachable 10.64.1.0/24 proto 87',
      'route replace unreachable 10.64.2.0/24 proto 87',
    ]);
    expect(await starts()).toBe(1);
  });

  it.each([
    ['complains', `echo 'Dump was interrupted and may be inconsistent.' >&2`],
    ['stops', 'exit 1'],
    ['is killed', 'kill -9 $$'],
  ])('is given up when it %s: another one is asked', async (_, trouble) => {
    const ip = await kept(answers(`[ -e ${directory}/troubled ] || { : >${directory}/troubled; ${trouble}; }`));
    expect((await ip.observe(undefined)).links).toHaveLength(1);
    expect((await ip.observe(undefined)).links).toHaveLength(1);
    expect(await starts()).toBe(3);
  });

  it('makes the changes once more when it ended in their midst, and names the one that is refused', async () => {
    const ip = await kept(
      answers(`case $line in *unreachable*2.0/24*) echo 'RTNETLINK answers: x' >&2; exit 1 ;; esac`),
    );
    await expect(ip.apply([route('10.64.1.0/24'), route('10.64.2.0/24')], undefined)).rejects.toMatchObject({
      code: 'kernel.refused',
      message: expect.stringContaining('answers: x'),
    });
  });
});
