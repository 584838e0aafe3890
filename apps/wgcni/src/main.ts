/** `wgcni`: the operator's command line; the process around it. */
import { endWithReader } from './live/reader.ts';
import { perform } from './run/perform.ts';
import { processOutlet } from './run/outlet.ts';

/** The bundler puts it in. */
declare const __WGCNI_VERSION__: string;

endWithReader(process.stdout, () => process.exit());
void perform(process.argv.slice(2), __WGCNI_VERSION__, processOutlet());
