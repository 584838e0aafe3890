/**
 * `make bench`: what one allocation costs with 65,536 addresses taken, beside one in an empty pool and beside a scan for the first
 * free address, which is how a host-local allocator without an index does it. Prints nanoseconds and ratios, judges nothing.
 */
import { AddressPool, parseCidr, parsePool, SubnetPool } from '../src/index.ts';

const taken = 65_536;
const rounds = 2_000;

/** Median nanoseconds of one `work`, over batches, each after `reset`. */
function medianNs(work: () => void): number {
  const samples = Array.from({ length: 41 }, () => {
    const startedAt = process.hrtime.bigint();
    for (let round = 0; round < rounds; round += 1) work();
    return Number(process.hrtime.bigint() - startedAt) / rounds;
  });
  return samples.sort((one, other) => one - other)[20] ?? 0;
}

/** One address out and in again, in a pool that has `count` taken. */
function allocateWith(cidr: string, count: number): number {
  const pool = new AddressPool(parseCidr(cidr));
  for (let index = 0; index < count; index += 1) pool.allocate();
  return medianNs(() => {
    const answer = pool.allocate();
    if (answer.kind === 'given') pool.release(answer.address);
  });
}

/** The first free number by looking at each in turn, with as many taken. */
function scanWith(count: number): number {
  const used = new Set(Array.from({ length: count }, (_, index) => BigInt(index)));
  const scan = (): bigint => {
    let index = 0n;
    while (used.has(index)) index += 1n;
    return index;
  };
  const startedAt = process.hrtime.bigint();
  for (let round = 0; round < 20; round += 1) {
    const index = scan();
    used.add(index);
    used.delete(index);
  }
  return Number(process.hrtime.bigint() - startedAt) / 20;
}

function cutWith(count: number): number {
  const pools = new SubnetPool([parsePool('10.64.0.0/12:24'), parsePool('fd64::/48:64')]);
  for (let index = 0; index < count; index += 1) pools.allocate(6);
  return medianNs(() => {
    const subnet = pools.allocate(6);
    if (subnet !== undefined) pools.release(subnet);
  });
}

const line = (what: string, ns: number, beside: number): void => {
  process.stdout.write(`${what.padEnd(58)} ${ns.toFixed(0).padStart(10)} ns  ratio ${(ns / beside).toFixed(2)}\n`);
};

const empty = allocateWith('10.64.0.0/12', 0);
line('address, nothing taken', empty, empty);
const full = allocateWith('10.64.0.0/12', taken);
line(`address, ${taken} taken`, full, empty);
line(`address of a /64, ${taken} taken`, allocateWith('fd64::/64', taken), empty);
line(`address by a scan, ${taken} taken`, scanWith(taken), full);
const first = cutWith(0);
line('subnet, nothing taken', first, first);
line('subnet, 65,000 taken', cutWith(65_000), first);
