/** The command line of the emulator and its exit status. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandExitCode, commandScript, emulatorArguments, type MachinePlan } from './emulator.ts';

const plan: MachinePlan = {
  ...{ image: '/k/vmlinuz', initramfs: '/t/initramfs', job: '/t/job', writable: undefined },
  ...{ memoryMb: 512, cpus: 1 },
};

describe('emulatorArguments', () => {
  it('shares the root read-only and nothing else but the job', () => {
    const shares = emulatorArguments(plan).filter((word) => word.startsWith('local,'));
    expect(shares).toHaveLength(2);
    expect(shares[0]).toMatch(/path=\/,.*readonly=on/);
    expect(shares[1]).toContain('path=/t/job,');
  });

  it('shares one more directory for results when there is one, also with a comma in its name', () => {
    const words = emulatorArguments({ ...plan, writable: '/out,put' });
    expect(words.some((word) => word.includes('id=writable,path=/out,,put,'))).toBe(true);
  });

  it('can neither reboot nor wait for a key', () => {
    expect(emulatorArguments(plan)).toEqual(expect.arrayContaining(['-no-reboot', '-monitor', 'none']));
    expect(emulatorArguments(plan).join(' ')).toContain('panic=-1');
  });
});

describe('commandExitCode', () => {
  it.each([
    [33, 0],
    [35, 1],
    [233, 100],
  ])('reads status %i as code %i', (status, code) => {
    expect(commandExitCode(status)).toBe(code);
  });

  it.each([0, 1, 2, 31, 124, undefined])('takes status %s for a machine that told nothing', (status) => {
    expect(commandExitCode(status)).toBeUndefined();
  });
});

describe('commandScript', () => {
  it('hands every word and variable to the command as it is', () => {
    const script = commandScript(['printf', '%s|', "it's", '$HOME', 'a b', '"x"'], '/', { ODD: `a'b "$c"` });
    expect(execFileSync('sh', { input: script, encoding: 'utf8' })).toBe(`it's|$HOME|a b|"x"|`);
    const variable = commandScript(['sh', '-c', 'printf %s "$ODD"'], '/', { ODD: `a'b "$c"` });
    expect(execFileSync('sh', { input: variable, encoding: 'utf8' })).toBe(`a'b "$c"`);
  });

  it('does not run the command anywhere else when the directory is missing', () => {
    expect(() => execFileSync('sh', { input: commandScript(['true'], '/never/there', {}), stdio: 'pipe' })).toThrow();
  });
});
