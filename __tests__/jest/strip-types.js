/** Jest's transformer of TypeScript: blanks types out, as Node does from 22.18 on, so each line and column stays. */
export default {
  processAsync: async (source) => {
    const { transformSync } = await import('@swc/wasm-typescript');
    return transformSync(source, { mode: 'strip-only' });
  },
};
