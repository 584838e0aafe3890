/** What changes while a node runs is what its flags say can, and nothing beside it. */
import { expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { program } from './flags.ts';
import { LiveConfig, liveFlags } from './live-config.ts';

const config = (...argv: string[]) =>
  parseConfig({
    argv: ['--etcd=https://192.0.2.1:2379', '--cluster=c', '--tls-cert=/c', '--tls-key=/k', '--tls-ca=/a', ...argv],
    env: {},
    hostname: 'n1',
  });

it('is what the table of flags calls live', () => {
  const live = program.flags.filter((flag) => flag.live === true).map(({ name }) => name);
  expect([...liveFlags].sort()).toEqual(live.sort());
});

it('is taken over by name, and told', () => {
  const running = config('--manager=https://192.0.2.1:7001', '--endpoint=192.0.2.5:51820', '--advertise=10.9.0.0/24');
  const live = new LiveConfig(running);
  const told: (readonly string[])[] = [];
  live.onChange((changed) => told.push(changed));
  const next = config('--manager=https://192.0.2.2:7001', '--endpoint=192.0.2.6:51820', '--pod-port=50000');
  live.take(next, ['endpoint', 'advertise']);
  expect(running).toMatchObject({
    ...{ managers: ['https://192.0.2.1:7001'], endpoints: ['192.0.2.6:51820'], offers: [], podPort: 51_821 },
  });
  expect(told).toEqual([['endpoint', 'advertise']]);
});
