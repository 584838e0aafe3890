/** Requested addresses: CNI_ARGS, the configuration and the runtime, and which of them wins. */
import { CatalogueError } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { parseCniArgs } from './cni-args.ts';
import { requestedIps } from './requested-ips.ts';

const all = { runtimeConfig: { ips: ['10.0.0.1'] }, args: { cni: { ips: ['10.0.0.2'] } } };

describe('parseCniArgs', () => {
  it('splits on ";" and on the first "=", and forgives a trailing ";"', () => {
    expect(parseCniArgs('IgnoreUnknown=1;IP=10.0.0.3;X=a=b;')).toEqual({ ips: ['10.0.0.3'] });
  });

  it('takes several addresses', () => {
    expect(parseCniArgs('IP=10.0.0.3, fd64::3')).toEqual({ ips: ['10.0.0.3', 'fd64::3'] });
  });

  it('accepts and ignores a MAC', () => {
    expect(parseCniArgs('MAC=00:00:00:00:00:00')).toEqual({ ips: [] });
  });

  it.each(['', ';', 'IP=', 'IgnoreUnknown=true;K8S_POD_NAME=x'])('finds no address in "%s"', (text) => {
    expect(parseCniArgs(text).ips).toEqual([]);
  });

  it.each([
    ['K8S_POD_NAME=x', 'K8S_POD_NAME'],
    ['IgnoreUnknown=0;A=1;B=2', 'A, B'],
    ['IgnoreUnknown=maybe', 'maybe'],
    ['IP', '"IP"'],
    ['=x', '"=x"'],
  ])('refuses "%s" naming %s', (text, named) => {
    expect(() => parseCniArgs(text)).toThrow(CatalogueError);
    expect(() => parseCniArgs(text)).toThrow(named);
  });
});

describe('requestedIps', () => {
  it('prefers runtimeConfig.ips, then args.cni.ips, then CNI_ARGS', () => {
    expect(requestedIps(all, 'IP=10.0.0.3')).toEqual(['10.0.0.1']);
    expect(requestedIps({ args: all.args }, 'IP=10.0.0.3')).toEqual(['10.0.0.2']);
    expect(requestedIps({}, 'IP=10.0.0.3')).toEqual(['10.0.0.3']);
    expect(requestedIps({}, '')).toEqual([]);
  });

  it('passes over an empty list', () => {
    expect(requestedIps({ ...all, runtimeConfig: { ips: [] } }, '')).toEqual(['10.0.0.2']);
  });

  it('reads the keys of runtimeConfig in any case', () => {
    expect(requestedIps({ runtimeConfig: { IPs: ['fd64::9/64'] } }, '')).toEqual(['fd64::9/64']);
  });

  it.each([
    [{ runtimeConfig: { ips: ['x y'] } }, '', 7, 'x y'],
    [{ runtimeConfig: { ips: '10.0.0.1' } }, '', 7, 'runtimeConfig.ips'],
    [{ runtimeConfig: [] }, '', 7, 'runtimeConfig'],
    [{ args: { cni: { ips: [7] } } }, '', 7, 'args.cni.ips[0]'],
    [{ runtimeConfig: { ips: Array.from({ length: 17 }, () => '10.0.0.1') } }, '', 7, '17'],
    [{}, 'IP=nonsense', 4, 'nonsense'],
  ])('refuses %j %s with code %i', (document, args, code, named) => {
    let error: unknown;
    try {
      requestedIps(document, args);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ cni: code });
    expect((error as Error).message).toContain(named);
  });
});
