/** The judgement of answers can fail: each thing that no runtime could read is told. */
import { describe, expect, it } from 'vitest';
import { checkSuccess, errorIn } from './proper-answer.ts';

const failing = (over: object): string => JSON.stringify({ cniVersion: '1.0.0', code: 7, msg: 'x is wrong', ...over });
const result = {
  cniVersion: '1.0.0',
  interfaces: [{ name: 'eth0' }],
  ips: [{ address: '192.0.2.2/32', interface: 0 }],
};

describe('the error object of an answer', () => {
  it('is read where it is one', () => {
    expect(errorIn(failing({}))).toMatchObject({ code: 7, msg: 'x is wrong' });
  });

  it.each([
    ['no JSON', 'Error: x\n', 'no JSON object'],
    ['a list', '[]', 'no JSON object'],
    ['a code that is no number', failing({ code: '7' }), 'no error object'],
    ['no message', failing({ msg: '' }), 'no error object'],
    ['a stack trace in the message', failing({ msg: new Error('x').stack }), 'a stack trace'],
    ['a stack trace in the details', failing({ details: new Error('x').stack }), 'a stack trace'],
    ['a stack trace as its only line', failing({ details: '    at main (file.cjs:10:20)' }), 'a stack trace'],
  ])('is refused with %s', (_, stdout, why) => {
    expect(() => errorIn(stdout)).toThrow(why);
  });
});

describe('what a success prints', () => {
  it('is accepted where it is what the verb says', () => {
    checkSuccess('ADD', JSON.stringify(result));
    checkSuccess('VERSION', '{"cniVersion":"1.1.0","supportedVersions":["1.0.0"]}');
    checkSuccess('DEL', '');
  });

  it.each([
    ['ADD', '', 'no JSON object'],
    ['ADD', JSON.stringify({ ...result, cniVersion: '9.9.9' }), 'no version that there is'],
    ['ADD', JSON.stringify({ ...result, ips: [{ address: '192.0.2.2/32', interface: 1 }] }), '1 of 1 interfaces'],
    ['VERSION', '{"cniVersion":"1.1.0"}', 'no list of versions'],
    ['DEL', '{}', 'but printed {}'],
    ['STATUS', 'ready', 'but printed ready'],
  ] as const)('is refused of %s with %s', (verb, stdout, why) => {
    expect(() => checkSuccess(verb, stdout)).toThrow(why);
  });
});
