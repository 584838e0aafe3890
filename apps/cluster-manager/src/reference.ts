/** Writes the flags of the cluster-manager into docs/reference/flags.md; with --check, fails when they stand there otherwise. */
import { flagsPart, printReference } from '@wgcni/api/server';
import { program } from './flags.ts';

void printReference(flagsPart(program), process.argv.slice(2)).then((status) => (process.exitCode = status));
