/** A client's private key: made here or read from a file of this machine, put into its configuration, and sent to nobody. */
import { CatalogueError, Secret } from '@wgcni/base';
import { readPrivateKey } from '@wgcni/pki';
import { isKeyText } from '@wgcni/wg';

/** What stands in a configuration in the place of the key. */
const place = /^# PrivateKey = .*$/m;

/** The whole file, with its key; a secret from here on. */
export function withPrivateKey(text: string, key: Secret): Secret {
  if (!place.test(text))
    throw new CatalogueError('decode.failed', 'the configuration has no place for the private key', {
      remedy: 'use a wgcni of the version of the cluster-managers',
    });
  return new Secret(text.replace(place, () => `PrivateKey = ${key.reveal()}`));
}

/**
 * The key in a file: alone, as `wg genkey` prints it, or in a configuration. Throws CatalogueError `config.invalid` for a file that others may read, and
 * for one that holds none.
 */
export async function readClientKey(path: string): Promise<Secret> {
  const text = (await readPrivateKey(path, '--key-file')).reveal();
  const key = /^\s*PrivateKey\s*=\s*(\S+)\s*$/m.exec(text)?.[1] ?? text.trim();
  if (isKeyText(key)) return new Secret(key);
  throw new CatalogueError('config.invalid', `--key-file ${path} holds no private key of WireGuard`, {
    field: '--key-file',
    remedy: 'name a file that `wg genkey` has made, or a configuration with a line PrivateKey',
  });
}
