/** Which methods a path has, to tell a wrong method from a path that does not exist. */

export class RoutePaths {
  readonly #methods = new Map<string, Set<string>>();

  /** Adds a route by its pattern, such as `/v1/addresses/:name`. */
  add(pattern: string, method: string | readonly string[]): void {
    const known = this.#methods.get(pattern) ?? new Set<string>();
    for (const one of [method].flat()) known.add(one);
    this.#methods.set(pattern, known);
  }

  /** The methods of every pattern that fits `path`, sorted; empty when none does. */
  methodsOf(path: string): string[] {
    const words = path.split('/');
    const fitting = [...this.#methods].filter(([pattern]) => fits(pattern.split('/'), words));
    return [...new Set(fitting.flatMap(([, methods]) => [...methods]))].sort();
  }
}

function fits(pattern: readonly string[], words: readonly string[]): boolean {
  return (
    pattern.length === words.length &&
    pattern.every((word, index) => (word.startsWith(':') ? words[index] !== '' : word === words[index]))
  );
}
