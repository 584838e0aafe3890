/** What every part stands on: clock, randomness, secrets, errors, durable files. No domain. */
export * from './backoff.ts';
export * from './clock.ts';
export * from './errors.ts';
export * from './fault-points.ts';
export * from './log.ts';
export * from './plain-text.ts';
export * from './problem.ts';
export * from './random.ts';
export * from './replace-file.ts';
export * from './secret.ts';
export * from './serial-queue.ts';
export * from './within.ts';
