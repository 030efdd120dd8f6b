import { test } from '@jest/globals';
import { playSeveral } from '../../fakes/random-scenario.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';

// `npm run soak` plays as many as you like.
test('Whatever goes wrong: never two deployments, green only when live, in time', () =>
  playSeveral(200, () => new VirtualClock()));
