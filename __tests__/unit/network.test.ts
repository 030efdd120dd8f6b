import { expect, test } from '@jest/globals';
import { FakeNodion } from '../../fakes/nodion/server.ts';

test('A fake on a port that is in use is an error that its starter can name', async () => {
  const first = await FakeNodion.start();
  const port = Number(new URL(first.url).port);
  await expect(FakeNodion.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
});
