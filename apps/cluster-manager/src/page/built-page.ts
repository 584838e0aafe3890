/** The page of this build, put in by the bundler. */

declare const __WGCNI_PAGE__: string | undefined;

/** Undefined when run from the sources. */
export const builtPage = typeof __WGCNI_PAGE__ === 'undefined' ? undefined : __WGCNI_PAGE__;
