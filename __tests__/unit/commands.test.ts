import { expect, jest, test } from '@jest/globals';
import { printed } from '../../src/runner/commands.ts';

test('A runner that takes nothing is waited for until the signal', async () => {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const controller = new AbortController();
  const onEnd = jest.fn();
  const waiting = printed(controller.signal).then(onEnd);
  await new Promise(setImmediate);
  expect(onEnd).not.toHaveBeenCalled();
  controller.abort();
  await waiting;
  await printed(controller.signal);
  write.mockRestore();
});
