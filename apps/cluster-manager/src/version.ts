/** The version of this build, put in by the bundler. */

declare const __WGCNI_VERSION__: string | undefined;

/** `0.0.0-source` when run from the sources. */
export const version = typeof __WGCNI_VERSION__ === 'undefined' ? '0.0.0-source' : __WGCNI_VERSION__;
