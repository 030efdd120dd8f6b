/** How long reads go on without one answer as documented. */
export interface Patience {
  /** A documented answer: patience is whole again. */
  answered(): void;
  /** Follows one read, from its first try to its last. */
  follow(): {
    /** The milliseconds that are left. */
    leftMs(): number;
    /** Counts `ms` milliseconds of trying: not those in the gate's queue, nor those of a `Retry-After`. */
    spend(ms: number): void;
  };
}

/** How long an API that stays down may hold up what has triggered nothing yet. */
const LIMIT_MS = 55_000;

/** Patience of 55 s for several reads together: an answer to one is hope for all. */
export function createPatience(): Patience {
  let answers = 0;
  return {
    answered: () => {
      answers += 1;
    },
    follow: () => {
      let spentMs = 0;
      let answersBefore = answers;
      const restart = () => {
        if (answers > answersBefore) spentMs = 0;
        answersBefore = answers;
      };
      return {
        leftMs: () => {
          restart();
          return LIMIT_MS - spentMs;
        },
        spend: (ms) => {
          restart();
          spentMs += ms;
        },
      };
    },
  };
}
