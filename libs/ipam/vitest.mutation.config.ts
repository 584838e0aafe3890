/** What the mutation run executes: the unit tests of this library, with the properties seeded so that every mutant meets the same cases. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['src/**/*.test.ts'], environment: 'node' } });
