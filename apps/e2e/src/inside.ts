/** Commands run inside a network namespace. */
import { execa } from 'execa';

/** Runs a command inside a namespace; throws when it fails. */
export async function inside(netnsPath: string, argv: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return execa('nsenter', [`--net=${netnsPath}`, ...argv]);
}

/** Sends one UDP datagram with a text from a namespace to an address's discard port. */
export async function sendUdp(netnsPath: string, address: string, text: string): Promise<void> {
  const script = `echo ${text} > /dev/udp/${address}/9`;
  await execa('nsenter', [`--net=${netnsPath}`, 'bash', '-c', script]);
}
