import { parseJson } from '../http/parse-json.ts';

/** Masked, a shorter one would blot out numbers and names; real ones have hundreds of letters. */
const SHORTEST_TOKEN = 16;

/** The token in a registry's answer; null for what is none. */
export function readToken(body: string): string | null {
  try {
    const { token, access_token } = parseJson(body) as Record<string, unknown>;
    const text = token || access_token;
    const isToken = typeof text === 'string' && /^[\x21-\x7e]+$/.test(text);
    return isToken && text.length >= SHORTEST_TOKEN ? text : null;
  } catch {
    return null;
  }
}
