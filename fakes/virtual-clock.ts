import { setImmediate } from 'node:timers';
import type { Clock } from './clock.ts';

interface Timer {
  readonly callback: () => void;
  at: number;
}

/** In so many turns of the process's loop nothing must have happened. */
const IDLE_TURNS = 4;

/**
 * A clock whose time passes only when nothing else is to do: then it is the time of the next timer, and
 * that one fires. What goes by it takes no time, on any machine.
 */
export class VirtualClock implements Clock {
  private nowMs = Date.now();
  /** In the order in which they were set. */
  private readonly timers = new Set<Timer>();
  private isRunning = false;
  private idleTurns = 0;

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.set(resolve, ms);
    });
  }

  /** Calls `callback` after `ms` milliseconds. */
  set(callback: () => void, ms: number): VirtualTimeout {
    const timer = { callback, at: this.nowMs + delayOf(ms) };
    this.timers.add(timer);
    if (!this.isRunning) void this.run();
    return new VirtualTimeout({
      clear: () => this.timers.delete(timer),
      restart: () => {
        // As the last one that was set.
        this.timers.delete(timer);
        timer.at = this.nowMs + delayOf(ms);
        this.timers.add(timer);
      },
    });
  }

  /** Something goes on that no timer knows of, such as bytes on their way: time stands still for it. */
  stir(): void {
    this.idleTurns = 0;
  }

  /** Forgets all timers. */
  stop(): void {
    this.timers.clear();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.timers.size > 0) {
      for (this.idleTurns = 0; this.idleTurns < IDLE_TURNS; this.idleTurns += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [first, ...others] = this.timers;
      const next = others.reduce((a, b) => (b && a && b.at < a.at ? b : a), first);
      if (!next) break;
      this.timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.callback();
    }
    this.isRunning = false;
  }
}

/** As Node has it: whole milliseconds, 1 at least. */
function delayOf(ms: number): number {
  return ms >= 1 && ms < 2 ** 31 ? Math.trunc(ms) : 1;
}

/** What setTimeout() gives. */
export class VirtualTimeout {
  private readonly timer: { clear(): void; restart(): void };

  constructor(timer: { clear(): void; restart(): void }) {
    this.timer = timer;
  }

  close(): void {
    this.timer.clear();
  }

  refresh(): this {
    this.timer.restart();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
