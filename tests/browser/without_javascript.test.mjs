// Everything works in a browser that runs no script: the secret is read from the page instead of copied by a button.
import assert from 'node:assert/strict';
import test from 'node:test';
import { onBoth, shoot } from './world.mjs';

onBoth(test, 'the whole life of a token needs no script', async ({ server, arrives }) => {
  const ada = await arrives({ javaScriptEnabled: false });
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'plain', permissions: ['nuget:push'], packages: ['Contoso.*'], expiry: '30' });
  await shoot(ada.page, 'created-without-script');
  assert.doesNotMatch(await ada.says(), /lk_[0-9A-Za-z]{46}/, 'the secret is masked until asked for');
  const first = await ada.showsSecret();
  assert.ok(first, 'the secret can be read');
  assert.equal((await server.can(first, 'nuget:push', 'Contoso.Core')).allowed, true);

  await ada.editsToken('plain', { packages: ['Fabrikam.*'] });
  assert.equal((await server.can(first, 'nuget:push', 'Contoso.Core')).allowed, false);
  assert.equal((await server.can(first, 'nuget:push', 'Fabrikam.Core')).allowed, true);

  await ada.does('Refresh', 'plain');
  const second = await ada.showsSecret();
  assert.ok(second);
  assert.equal((await server.can(first, 'nuget:push', 'Fabrikam.Core')).status, 401);
  await ada.does('Deactivate', 'plain');
  assert.equal((await server.can(second, 'nuget:push', 'Fabrikam.Core')).status, 401);
  await ada.does('Reactivate', 'plain');
  assert.equal((await server.can(second, 'nuget:push', 'Fabrikam.Core')).allowed, true);
  await ada.does('Revoke', 'plain');
  assert.equal((await server.can(second, 'nuget:push', 'Fabrikam.Core')).status, 401);
});
