/** A subject from a description in JSON: any plugin on this machine, with commands for what only its owner knows. */
import { randomBytes } from 'node:crypto';
import { addNetns, removeNetns } from '@wgcni/testing';
import { execa } from 'execa';
import { settings, type AddressRange, type Setting, type Subject, type SubjectSource } from './subject.ts';

type Argv = [string, ...string[]];

export interface SubjectDescription {
  name: string;
  plugin: string;
  cniPath: string;
  /** The configuration for each address plan; the cases of a setting that is left out are not asked. */
  configs: Partial<Record<Setting, Record<string, unknown>>>;
  ipam: Subject['ipam'];
  range: AddressRange;
  /** Prints a line `allocation <container id> <address>` for each address held, in any order. */
  holdings: Argv;
  /** Commands that return when the daemon serves, or is gone. */
  daemon?: { start: Argv; stop: Argv };
}

/** A namespace of its own plays the host. */
export function describedSubject(description: SubjectDescription): SubjectSource {
  const { name, plugin, cniPath, configs, ipam, range, holdings, daemon } = description;
  return {
    name,
    settings: settings.filter((setting) => configs[setting] !== undefined),
    open: async (setting) => {
      const config = configs[setting];
      if (config === undefined) throw new Error(`${name} has no configuration for ${setting}`);
      const netns = `wgcni-host-${randomBytes(3).toString('hex')}`;
      await addNetns(netns);
      const netnsPath = `/run/netns/${netns}`;
      const run = (argv: Argv) => execa('nsenter', [`--net=${netnsPath}`, ...argv]);
      if (daemon !== undefined) await run(daemon.start);
      const subject: Subject = {
        ...{ name, plugin, cniPath, config, ipam, range, netnsPath, isOurs: false },
        ...(daemon === undefined
          ? {}
          : {
              daemon: {
                stop: () => run(daemon.stop).then(() => undefined),
                start: () => run(daemon.start).then(() => undefined),
              },
            }),
        holdings: async () =>
          (await run(holdings)).stdout
            .split('\n')
            .filter((line) => line !== '')
            .sort(),
      };
      return {
        subject,
        close: async () => {
          if (daemon !== undefined) await run(daemon.stop);
          await removeNetns(netns);
        },
      };
    },
  };
}
