import { type Sentence, sentence } from '../runner/sentence.ts';
import { isImageTag } from './reference-grammar.ts';

const OF_METADATA_ACTION = sentence`such as \`outputs.version\` of docker/metadata-action`;

/** What to write in the place of a text that is no tag, though it names an image; null for another text. */
export function tagAdvice(text: string): Sentence | null {
  if (/\s/.test(text)) return sentence`Write one tag alone, ${OF_METADATA_ACTION}.`;
  const [, tag = ''] = /^(?:refs\/tags\/|(?!sha\d+:)[^@]*:)([^/:@]+)(?:@.*)?$/.exec(text) ?? [];
  if (isImageTag(tag)) return sentence`Write the tag alone: \`${tag}\`.`;
  if (/(?:^|@)sha\d+:[\da-f]+$/i.test(text)) {
    return sentence`A digest is no tag: write the tag that the image was pushed under, ${OF_METADATA_ACTION}.`;
  }
  return numberAdvice(text);
}

/** What to do about a tag that looks like a number, which may have been another one; null for others. */
export function numberAdvice(tag: string): Sentence | null {
  return Number.isFinite(Number(tag))
    ? sentence`Quote a literal tag in the workflow: YAML takes one that looks like a number for one, and may write it another way.`
    : null;
}
