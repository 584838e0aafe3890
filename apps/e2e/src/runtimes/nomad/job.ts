/** A job for Nomad: one task, on one node, in a namespace that the plugin connects. */

export interface JobWish {
  id: string;
  /** Name of the client to run on. */
  nodeName: string;
  command: readonly [string, ...string[]];
}

const nanoseconds = { second: 1_000_000_000, halfHour: 1_800_000_000_000 };

/** In the form of Nomad's JSON jobs. A task that fails stays failed: what Nomad does once is seen once. */
export function jobOf({ id, nodeName, command: [command, ...args] }: JobWish): object {
  return {
    ...{ ID: id, Name: id, Type: 'service', Datacenters: ['dc1'] },
    Constraints: [{ LTarget: '${node.unique.name}', RTarget: nodeName, Operand: '=' }],
    TaskGroups: [
      {
        ...{ Name: 'group', Count: 1, Networks: [{ Mode: 'cni/wgcni' }] },
        RestartPolicy: { Attempts: 0, Interval: nanoseconds.halfHour, Delay: nanoseconds.second, Mode: 'fail' },
        ReschedulePolicy: { Attempts: 0, Unlimited: false },
        EphemeralDisk: { SizeMB: 10 },
        Tasks: [
          {
            ...{ Name: 'task', Driver: 'raw_exec', Config: { command, args } },
            ...{ Resources: { CPU: 50, MemoryMB: 32 }, KillTimeout: nanoseconds.second },
            LogConfig: { MaxFiles: 1, MaxFileSizeMB: 1 },
          },
        ],
      },
    ],
  };
}
