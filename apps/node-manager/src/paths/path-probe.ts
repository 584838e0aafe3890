/** The port through which paths are tried: who answers to an echo of a size. */

export interface PathProbe {
  /**
   * Which of these addresses answer to an ICMP echo request with `payload` bytes of data that no router may divide. Throws CatalogueError
   * `config.invalid` when the program for it is not installed, `io.failed` when it cannot be used.
   */
  answering(addresses: readonly string[], payload: number): Promise<ReadonlySet<string>>;
}
