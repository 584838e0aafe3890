/** The last look at a result before a runtime sees it: a wrong index panics containerd, a missing sandbox hides the address. */
import { familyOf, type CniResult, type ResultInterface, type ResultIp } from './result.ts';

/** Everything that is wrong with a result; empty when it may be printed. */
export function findFlaws(result: CniResult): string[] {
  return [
    ...result.interfaces.flatMap(interfaceFlaws),
    ...result.ips.flatMap((ip, index) => ipFlaws(ip, index, result.interfaces.length)),
    ...result.routes.flatMap((route, index) =>
      isPrefix(route.dst) ? [] : [`routes[${index}].dst "${route.dst}" is not a prefix`],
    ),
  ];
}

function interfaceFlaws(link: ResultInterface, index: number): string[] {
  return [
    ...(link.name === '' ? [`interfaces[${index}].name is empty`] : []),
    ...(link.sandbox === '' ? [`interfaces[${index}].sandbox is empty`] : []),
  ];
}

function ipFlaws(ip: ResultIp, index: number, interfaces: number): string[] {
  const { interface: at, gateway } = ip;
  const isInRange = at === undefined || (Number.isInteger(at) && at >= 0 && at < interfaces);
  return [
    ...(isInRange ? [] : [`ips[${index}].interface ${at} is outside of ${interfaces} interfaces`]),
    ...(isPrefix(ip.address) ? [] : [`ips[${index}].address "${ip.address}" is not an address with prefix length`]),
    ...(gateway === undefined || familyOf(gateway) === familyOf(ip.address)
      ? []
      : [`ips[${index}].gateway "${gateway}" is of another family than "${ip.address}"`]),
  ];
}

function isPrefix(text: string): boolean {
  const match = /^([0-9a-fA-F:.]+)\/([0-9]{1,3})$/.exec(text);
  return match?.[1] !== undefined && Number(match[2]) <= (familyOf(match[1]) === 4 ? 32 : 128);
}
