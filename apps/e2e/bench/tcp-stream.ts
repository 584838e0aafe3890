/** One TCP stream between two network namespaces: bytes a second, by a sender and a reader of Node's own that do nothing else. */
import { execa } from 'execa';

/** Large enough that the programs cost little beside what carries the bytes. */
const pieceBytes = 1_048_576;

/** Sends to whoever connects, until that goes. */
const sender = `
  const piece = Buffer.alloc(${pieceBytes});
  require('node:net').createServer((socket) => {
    const send = () => socket.write(piece, send);
    socket.on('error', () => process.exit()).on('close', () => process.exit());
    send();
  }).listen(Number(process.argv[1]), '::', () => process.stdout.write('listening\\n'));`;

/** Reads for so many seconds after half a second, in which TCP finds its pace; prints bytes a second. */
const reader = `
  const [address, port, seconds] = process.argv.slice(1);
  let bytes = 0;
  const onread = { buffer: Buffer.alloc(${pieceBytes}), callback: (count) => ((bytes += count), true) };
  require('node:net').connect({ host: address, port: Number(port), onread }, () => setTimeout(() => {
    const [startedAt, before] = [performance.now(), bytes];
    setTimeout(() => {
      process.stdout.write(String(((bytes - before) * 1_000) / (performance.now() - startedAt)));
      process.exit();
    }, Number(seconds) * 1_000);
  }, 500));`;

export interface StreamEnds {
  /** Paths of the namespaces. */
  from: string;
  to: string;
  /** Of the sender, as the reader reaches it. */
  address: string;
}

/** Bytes a second of one stream; throws when nothing arrives. */
export async function bytesPerSecond(
  { from, to, address }: StreamEnds,
  seconds: number,
  port: number,
): Promise<number> {
  const sending = execa('nsenter', [`--net=${from}`, process.execPath, '-e', sender, String(port)], { reject: false });
  await new Promise<void>((resolve) => sending.stdout.once('data', () => resolve()));
  try {
    const argv = [`--net=${to}`, process.execPath, '-e', reader, address, String(port), String(seconds)];
    const { stdout } = await execa('nsenter', argv);
    const rate = Number(stdout);
    if (!(rate > 0)) throw new Error(`nothing arrived from ${address}: "${stdout}"`);
    return rate;
  } finally {
    sending.kill('SIGKILL');
    await sending;
  }
}
