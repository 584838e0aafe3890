/** The port through which tunnels are asked: who answers to an echo at all. */

export interface TunnelProbe {
  /**
   * Which of these addresses answer to one of two ICMP echo requests of the usual size; at most a hundred requests are sent in a second. Throws
   * CatalogueError `config.invalid` when the program for it is not installed, `io.failed` when it cannot be used.
   */
  alive(addresses: readonly string[]): Promise<ReadonlySet<string>>;
}
