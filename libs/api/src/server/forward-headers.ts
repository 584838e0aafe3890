/** The headers of a request that a replica passes on. They are true on a connection with a manager's certificate, and forged on any other. */

/** Marks a request that a replica has passed on; it holds the replica's id. */
export const forwardedHeader = 'x-wgcni-forwarded-by';
/** Names the caller whom the first replica saw. */
export const callerHeader = 'x-wgcni-caller';
/** The key that this caller has shown there: SHA-256 of it; absent of those who are known by no key. */
export const callerKeyHeader = 'x-wgcni-caller-key';
