/**
 * `*` stands for any text, `?` for one character, everything else for itself. Goes back to the last `*`
 * only, so its time is at most name × glob; a regular expression's would grow with every `*`.
 */
export function matchesGlob(name: string, glob: string): boolean {
  const characters = [...name];
  const pattern = [...glob];
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < characters.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      afterStar = at;
      inPattern += 1;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === characters[at]) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      afterStar += 1;
      at = afterStar;
      inPattern = star + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(inPattern).every((character) => character === '*');
}
