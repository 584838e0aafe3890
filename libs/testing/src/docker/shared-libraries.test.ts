/** Reading `ldd`. */
import { describe, expect, it } from 'vitest';
import { sharedLibraries } from './shared-libraries.ts';

const etcd = `
\tlinux-vdso.so.1 (0x00007f5a318b2000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f5a316bf000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f5a318b4000)
`;

describe('sharedLibraries', () => {
  it('lists the libraries and the loader, but not what the kernel provides', () => {
    expect(sharedLibraries(etcd)).toEqual(['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
  });

  it('names a library once, however many programs need it', () => {
    expect(sharedLibraries(etcd + etcd)).toHaveLength(2);
  });

  it('names the library that is not installed', () => {
    expect(() => sharedLibraries('\tlibfoo.so.1 => not found\n')).toThrow('libfoo.so.1');
  });
});
