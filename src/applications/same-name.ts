/** The normal form in which names are the same however their letters are encoded. */
export function nfc(name: string): string {
  return name.normalize('NFC');
}

/** That form without case, and with one blank for several. */
function plain(name: string): string {
  return nfc(name).toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Whether the names are the same without regard to case, to how many blanks there are, and to encoding. */
export function isSameName(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

/** Those that have the name by the letter, else those that have it in the same form. */
export function namedAs<T extends { readonly name: string | null }>(
  name: string,
  items: readonly T[],
  form = plain,
): readonly T[] {
  const exact = items.filter((one) => one.name === name);
  if (exact.length > 0) return exact;
  return items.filter((one) => one.name !== null && form(one.name) === form(name));
}
