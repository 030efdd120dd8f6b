export function createLoader(options?: {
  readonly world?: Readonly<Record<string, unknown>>;
  readonly require?: (specifier: string) => object;
}): (url: string) => Promise<object>;
