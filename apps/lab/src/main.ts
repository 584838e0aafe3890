/** `lab up | down | status`: a cluster of three nodes on this machine; wires the commands, decides nothing. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { messageOf } from '@wgcni/base';
import {
  addNetns,
  addOutside,
  findPrograms,
  Lab,
  labNamePattern,
  planLab,
  planOutside,
  reachEveryone,
  takeDown,
  usualClientPools,
  type LabPlan,
  type Path,
} from '@wgcni/testing';
import { Command, Option } from 'commander';
import { checkMachine } from './check-machine.ts';
import { howToDialIn } from './how-to-dial-in.ts';
import { howToLook } from './how-to-look.ts';
import { showStatus } from './show-status.ts';
import { showSteps } from './show-steps.ts';
import { joinContainers } from './join-containers.ts';
import { checkMachines } from './machines/check-machines.ts';
import { judgePaths, showPaths } from './show-paths.ts';

/** The lab stands in a control namespace of its own, so that the machine's own network is not touched. */
const insideVariable = 'WGCNI_LAB_INSIDE';

const root = resolve(__dirname, '../../..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface LabWords {
  name: string;
  /** What joins containers to their node; undefined: what the network says by itself. */
  link?: 'wireguard' | 'veth';
  json?: boolean;
}

async function up(plan: LabPlan, { link }: LabWords): Promise<number> {
  if (process.env[insideVariable] !== plan.name) return enter(plan);
  const lab = new Lab(plan, await findPrograms(root), {
    joins: true,
    ...(link === undefined ? {} : { link }),
    ...showSteps(process.stderr, say),
  });
  await lab.up();
  const places = await joinContainers(lab);
  await lab.step('a machine outside the cluster', () => addOutside(plan, planOutside(plan, 1)));
  const paths = await lab.step('every container pings every other', () => reachEveryone(plan, places));
  say(showPaths(places, paths));
  const leader = await lab.leaderKnown();
  say(`leader: ${leader.replicaId} (${leader.url})`);
  say(howToLook(plan, lab.programs));
  say(howToDialIn(plan, lab.programs, places));
  return conclude(paths);
}

/** The last lines; the status to end with. */
function conclude(paths: readonly Path[]): number {
  const { lines, allAnswer } = judgePaths(paths);
  lines.forEach(say);
  return allAnswer ? 0 : 1;
}

async function check(sshConfigPath: string): Promise<number> {
  const { places, paths } = await checkMachines(sshConfigPath);
  say(showPaths(places, paths));
  return conclude(paths);
}

/** Takes an old lab of the same name down, makes the control namespace and goes on inside it. */
async function enter(plan: LabPlan): Promise<number> {
  const programs = await findPrograms(root);
  await checkMachine();
  await takeDown(plan, programs);
  await addNetns(plan.controlNetns);
  say(`lab "${plan.name}": logs in ${plan.dir}/log`);
  const { status } = spawnSync(
    'nsenter',
    [`--net=/run/netns/${plan.controlNetns}`, process.execPath, ...process.argv.slice(1)],
    {
      stdio: 'inherit',
      env: { ...process.env, [insideVariable]: plan.name },
    },
  );
  return status ?? 1;
}

async function down(plan: LabPlan): Promise<number> {
  await takeDown(plan, await findPrograms(root));
  say(`lab "${plan.name}" is gone`);
  return 0;
}

function command(name: string, description: string, run: (plan: LabPlan, words: LabWords) => Promise<number>): Command {
  return new Command(name)
    .description(description)
    .option('--name <name>', 'name of the lab', 'lab')
    .action(async (words: LabWords) => {
      const labName = words.name;
      if (!labNamePattern.test(labName)) {
        process.stderr.write(
          `--name "${labName}": use one to ten lower-case letters and digits, beginning with a letter\n`,
        );
        process.exitCode = 2;
        return;
      }
      process.exitCode = await run(planLab(labName, { clientPools: usualClientPools }), words);
    });
}

new Command('lab')
  .description('A whole Wireguard CNI cluster on this machine')
  .addCommand(
    command('up', 'bring the lab up and show that everything reaches everything', up).addOption(
      new Option('--link <link>', 'what joins containers to their node').choices(['wireguard', 'veth']),
    ),
  )
  .addCommand(command('down', 'take the lab down; nothing of it stays', down))
  .addCommand(
    command('status', 'what of the lab is running: status 1 if something is not', async (plan, { json = false }) =>
      showStatus(plan, await findPrograms(root), json, say),
    ).option('--json', 'print JSON: a list of `name`, `isAlive`'),
  )
  .addCommand(
    new Command('check')
      .description('show that everything reaches everything on machines of their own, such as those of vagrant/')
      .requiredOption('--ssh-config <file>', 'how to reach them: what `vagrant ssh-config` prints')
      .action(async ({ sshConfig }: { sshConfig: string }) => void (process.exitCode = await check(sshConfig))),
  )
  .parseAsync()
  .catch((error: unknown) => {
    // Below the step that failed.
    process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}lab: ${messageOf(error)}\n`);
    process.exitCode = 1;
  });
