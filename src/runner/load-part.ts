import { sentence } from './sentence.ts';

export const PART_GONE = sentence`A part of the action is gone from the runner's disk.`;

/** A part of the action that is loaded late; null where it is gone from the disk by then. */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part | null> {
  try {
    return await load();
  } catch {
    return null;
  }
}
