import fc from 'fast-check';

/** As `unit` of fc.string(): any character. fast-check's own `binary` takes a second to list all of them. */
export const codePoint = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  // Without halves of a pair.
  .map((code) => String.fromCodePoint(code < 0xd800 ? code : code + 0x800));
