/** Ends a stream of ours without harm to the others of its member. */

/** ORDER: end before cancel. etcd3 takes the error of a stream that could still be written for a failure of its host, and closes every channel to it. */
export function hangUp(stream: { end(): unknown; cancel(): unknown }): void {
  stream.end();
  stream.cancel();
}
