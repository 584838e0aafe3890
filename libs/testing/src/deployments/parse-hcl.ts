/** HCL as JSON, by HashiCorp's own parser. */
import { createRequire } from 'node:module';

// Its types bring those of a browser with them, for every file of this project: so it is loaded without.
const require = createRequire(import.meta.url);
const library = require('@cdktf/hcl2json') as { parse(name: string, text: string): Promise<unknown> };

/** The blocks of a file by kind and labels, each as a list. Rejects with what is wrong and where. */
export function parse(name: string, text: string): Promise<unknown> {
  return library.parse(name, text);
}
