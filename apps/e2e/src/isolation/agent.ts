/** Runs in one namespace: answers at TCP and UDP ports, and tries others when told to, by lines of JSON. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import type { Order, Probe } from './agents.ts';

const ports = [80, 81];
/** A lost datagram is sent again while there is patience. */
const againMs = 250;
let held: Socket | undefined;

for (const port of ports) {
  createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(port, '::');
  for (const [address, family] of ownAddresses()) {
    const server = createSocket(family);
    server.on('message', (text, { port: from, address: to }) => server.send(text, from, to)).bind(port, address);
  }
}

/** An answer to a datagram leaves from where that came to only when the server is bound there. */
function ownAddresses(): [string, 'udp4' | 'udp6'][] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address }) => !address.startsWith('fe80:'))
    .map(({ address, family }) => [address, family === 'IPv4' ? 'udp4' : 'udp6']);
}

async function obey(order: Order): Promise<boolean[]> {
  if ('probes' in order) return Promise.all(order.probes.map(tryOne));
  if ('hold' in order) {
    held = await connected(order.hold, order.hold.patienceMs);
    return [held !== undefined];
  }
  return [await isEchoed(order.speakMs)];
}

function tryOne(probe: Probe): Promise<boolean> {
  if (probe.protocol === 'icmp') return isPinged(probe);
  if (probe.protocol === 'udp') return isAnswered(probe);
  return connected(probe, probe.patienceMs).then((socket) => {
    socket?.destroy();
    return socket !== undefined;
  });
}

function connected({ address, port }: Probe, patienceMs: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (result: Socket | undefined): void => {
      clearTimeout(timer);
      if (result === undefined) socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end(undefined), patienceMs);
    socket.on('error', () => end(undefined)).once('connect', () => end(socket));
  });
}

function isAnswered({ address, port, patienceMs }: Probe): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const send = (): void => socket.send('x', port, address, () => undefined);
    const end = (result: boolean): void => {
      clearInterval(again);
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    const again = setInterval(send, againMs);
    const timer = setTimeout(() => end(false), patienceMs);
    socket.on('error', () => undefined).once('message', () => end(true));
    send();
  });
}

/** One answer is enough. */
function isPinged({ address, patienceMs }: Probe): Promise<boolean> {
  const deadline = String(Math.ceil(patienceMs / 1_000));
  const ping = spawn('ping', ['-n', '-q', '-c', '1', '-W', deadline, address], { stdio: 'ignore' });
  return new Promise((resolve) => ping.once('close', (status) => resolve(status === 0)));
}

function isEchoed(patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), patienceMs);
    held?.once('data', () => {
      clearTimeout(timer);
      resolve(true);
    });
    held?.write('x');
  });
}

console.log('[]');
for await (const line of createInterface({ input: process.stdin }))
  console.log(JSON.stringify(await obey(JSON.parse(line) as Order)));
