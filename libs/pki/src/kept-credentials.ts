/** The credentials of a process that runs for long: renewed files are taken over, broken ones are not. */
import { type Log, messageOf } from '@wgcni/base';
import type { CredentialPaths } from './credential-paths.ts';
import {
  checkCredentials,
  type Credentials,
  type CredentialTexts,
  isSameFound,
  readCredentialTexts,
} from './credentials.ts';
import { isExpiring } from './expiry.ts';
import { formatIdentity } from './identity.ts';
import { ChangeListeners, lookAgain, type LookOptions } from './kept-files.ts';

/** Credentials that may be others tomorrow. */
export interface CredentialSource {
  readonly current: Credentials;
  /** Tells of each change, after it; answers how to hear no more. */
  onChange(listener: () => void): () => void;
}

export interface KeptCredentialsOptions extends LookOptions {
  paths: CredentialPaths;
  /** Throws CatalogueError `config.invalid` for credentials that are not ours. */
  accept?: (paths: CredentialPaths, credentials: Credentials) => void;
  log: Log;
}

export class KeptCredentials implements CredentialSource {
  readonly #options: KeptCredentialsOptions;
  readonly #listeners = new ChangeListeners();
  #paths: CredentialPaths;
  #current: Credentials;
  /** Whose end has been told. */
  #warnedOf: Credentials | undefined;
  /** What was found last, good or not, so that one renewal is told once. */
  #seen: CredentialTexts | string;

  private constructor(options: KeptCredentialsOptions, current: Credentials) {
    this.#options = options;
    this.#paths = options.paths;
    this.#current = current;
    this.#seen = current;
  }

  /** Reads the files once. Throws CatalogueError `config.invalid` that names the file and the remedy. */
  static async open(options: KeptCredentialsOptions): Promise<KeptCredentials> {
    const { paths, accept } = options;
    const current = checkCredentials(paths, await readCredentialTexts(paths));
    accept?.(paths, current);
    const kept = new KeptCredentials(options, current);
    kept.#tell('credentials.read');
    return kept;
  }

  /** The files that are looked at. */
  get paths(): CredentialPaths {
    return this.#paths;
  }

  get current(): Credentials {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Looks at the files until the signal aborts; by content, since a file may be replaced by one of the same age and length. */
  async run(signal: AbortSignal): Promise<void> {
    this.#warnOfEnd();
    await lookAgain(this.#options, signal, async () => {
      await this.look();
      this.#warnOfEnd();
    });
  }

  /** Takes over what has changed; what cannot be used is logged once, and the last good credentials stay. */
  async look(): Promise<void> {
    const { log } = this.#options;
    const paths = this.#paths;
    const found = await readCredentialTexts(paths).catch(messageOf);
    // It has gone over to others meanwhile.
    if (paths !== this.#paths || isSameFound(found, this.#seen)) return;
    this.#seen = found;
    const renewed = typeof found === 'string' ? found : this.#check(found);
    if (typeof renewed === 'string') {
      log.error({ use: paths.use, why: renewed }, 'credentials.refused');
      return;
    }
    this.#goOver(renewed);
  }

  /** Goes over to other files. Throws CatalogueError `config.invalid` for those that cannot be used, and stays with what it has. */
  async moveTo(paths: CredentialPaths): Promise<void> {
    const found = checkCredentials(paths, await readCredentialTexts(paths));
    this.#options.accept?.(paths, found);
    [this.#paths, this.#seen] = [paths, found];
    this.#goOver(found);
  }

  #goOver(credentials: Credentials): void {
    this.#current = credentials;
    this.#tell('credentials.renewed');
    this.#listeners.tell();
  }

  /** The credentials, or why they are refused. */
  #check(texts: CredentialTexts): Credentials | string {
    const { accept } = this.#options;
    const paths = this.#paths;
    try {
      const checked = checkCredentials(paths, texts);
      accept?.(paths, checked);
      return checked;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Once for each certificate: whoever renews it should have done so by then. */
  #warnOfEnd(): void {
    const { clock, log } = this.#options;
    const { validToMs } = this.#current;
    if (this.#warnedOf === this.#current || !isExpiring(this.#current, clock.wallMs())) return;
    this.#warnedOf = this.#current;
    const endsInSec = Math.floor((validToMs - clock.wallMs()) / 1_000);
    log.warn(
      { use: this.#paths.use, validTo: new Date(validToMs).toISOString(), endsInSec },
      'credentials.expires-soon',
    );
  }

  #tell(event: string): void {
    const { clock, log } = this.#options;
    const { identity, validToMs } = this.#current;
    const isExpired = validToMs <= clock.wallMs();
    log[isExpired ? 'warn' : 'info'](
      {
        use: this.#paths.use,
        identity: identity === undefined ? null : formatIdentity(identity),
        validTo: new Date(validToMs).toISOString(),
        isExpired,
      },
      event,
    );
  }
}
