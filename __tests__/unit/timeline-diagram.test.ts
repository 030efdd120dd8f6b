import { describe, expect, test } from '@jest/globals';
import { checkDiagram } from '../../fakes/diagram.ts';
import { failure } from '../../src/deploy/conclusion/conclusion.ts';
import type { DeploymentRun } from '../../src/deploy/deploy-application.ts';
import { timeAxis } from '../../src/report/summary/time-axis.ts';
import { timelineDiagram } from '../../src/report/summary/timeline-diagram.ts';
import { attempt, deployment, run } from './values.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
};
/** What mermaid takes for its next unit, by that of a tick. */
const NEXT: Readonly<Record<string, number>> = {
  millisecond: 1_000,
  second: 60,
  minute: 60,
  hour: 24,
};

const bars = (...runs: DeploymentRun[]) =>
  timelineDiagram(runs)
    .match(/^.* :.*$/gm)
    ?.map((bar) => bar.replace(/ :(?=\d)/, ' : ').replace(/, \d{13}.*|\d{13}.*/, ''));
const sections = (...runs: DeploymentRun[]) =>
  timelineDiagram(runs).match(/(?<=^section ).*$/gm) ?? [];

test('A time axis has 3 to 9 ticks at any span from 2 s to 12 h, by units that mermaid honours', () => {
  for (let ms = 2_000; ms <= 12 * 3_600_000; ms *= 1.01) {
    const [, count = '', unit = ''] = /^tickInterval (\d+)(\w+)$/m.exec(timeAxis(ms)) ?? [];
    expect((NEXT[unit] ?? 0) % Number(count)).toBe(0);
    const between = Number(count) * (UNITS_MS[unit] ?? 0);
    // Where the axis begins decides on one more.
    expect(Math.floor(ms / between)).toBeGreaterThanOrEqual(3);
    expect(Math.floor(ms / between) + 1).toBeLessThanOrEqual(9);
  }
});

describe('The timeline', () => {
  const health = {
    ...{ where: '' as never, isHealthy: true, answers: 3, bad: 0, lastAnswer: null },
    ...{ lastBad: null, lastFailure: null, isProof: false, endedBy: null },
  };
  const live = attempt().timeline;

  test('calls each bar by what was waited for', () => {
    const timeline = [
      ...live,
      { name: 'rolled out', afterMs: 47_500 },
      { name: 'healthy', afterMs: 60_900 },
      { name: 'stable', afterMs: 81_800 },
    ];
    const stability = { isStable: true, failed: null, lastProblem: null };
    expect(bars(run('shop', { timeline, health, stability, durationMs: 81_810 }))).toEqual([
      'created 12 s : ',
      'waiting 23 s : ',
      'rollout 12.5 s : ',
      'health 13.4 s : ',
      'stable 20.9 s : ',
      'live and healthy :milestone',
    ]);
  });

  test('has the bar red in which it failed, and a red end', () => {
    const conclusion = failure('unhealthy', 'Live, but not healthy', []);
    const bad = { conclusion, durationMs: 65_100, health: { ...health, isHealthy: false } };
    expect(bars(run('shop', bad))?.slice(2)).toEqual([
      'health 30.1 s :crit',
      'not healthy :milestone, crit',
    ]);
  });

  test('has no label of fewer than eight letters at a milestone, and none inside the axis', () => {
    const kinds = ['failure', 'timed_out', 'cancelled'] as const;
    const ends = kinds.flatMap((kind) =>
      ['failed', 'expired', 'waiting', 'available'].map((status) =>
        run('shop', {
          deployment: deployment(12, { status }),
          conclusion: { ...failure('deployment_failed', '', []), kind },
        }),
      ),
    );
    for (const one of [...ends, run('shop'), run('shop', { health })]) {
      const [label = '', ...more] = timelineDiagram([one]).match(/^.*(?= :milestone)/gm) ?? [];
      expect(label.length).toBeGreaterThanOrEqual(8);
      expect(more).toEqual([]);
    }
    const several = timelineDiagram([run('a', { durationMs: 90_000 }), run('b')]);
    expect(several.match(/:milestone/g)).toHaveLength(1);
    expect(several.indexOf(':milestone')).toBeLessThan(several.indexOf('section b'));
  });

  test('gives each section a short name of its own', async () => {
    const names = ['shop', 'shop', 'WWWWWWWWWWWWWWW', '店铺店铺店铺店铺', '::', ''];
    const runs = names.map((name) => run(name));
    expect(sections(...runs)).toEqual([
      ...['shop', 'shop(2)', 'WWWWW…', '店铺店铺…', 'unnamed', 'id'],
    ]);
    const long = ['a-shop-with-a-long-name', 'a-shop-with-a-long-name'].map((name) => run(name));
    expect(sections(...long)).toEqual(['a-shop-w…', 'a-shop…(2)']);
    const regions = ['payments-eu-1', 'payments-us-2', 'payments'].map((name) => run(name));
    expect(sections(...regions)).toEqual(['…-eu-1', '…-us-2', 'payments']);
    await checkDiagram(/(?<=```mermaid\n)[\s\S]*?(?=```)/.exec(timelineDiagram(runs))?.[0] ?? '');
  });

  test('is of eight applications at most, and of a second at least', () => {
    const eight = Array.from({ length: 8 }, (_, index) => run(`shop ${index}`));
    expect(sections(...eight)).toHaveLength(8);
    expect(timelineDiagram([...eight, run('one more')])).toBe('');
    const timeline = [{ name: 'available', afterMs: 200 }];
    expect(timelineDiagram([run('shop', { timeline, durationMs: 200 })])).toBe('');
  });

  test('stays a chart whatever the status is called', async () => {
    for (const name of ['section', 'title x', 'vert', 'click', 'end', '%%', '', ';', 'x\ny']) {
      const timeline = [
        { name, afterMs: 0 },
        { name: 'failed', afterMs: 5_000 },
      ];
      const chart = timelineDiagram([run('shop', { timeline, durationMs: 5_000 })]);
      await checkDiagram(/(?<=```mermaid\n)[\s\S]*?(?=```)/.exec(chart)?.[0] ?? '');
      expect(chart.match(/^section /gm)).toHaveLength(1);
    }
  });
});
