// An operator's day in a real browser: whose key is this, end it, lock an account, and read about it in the record.
import assert from 'node:assert/strict';
import test from 'node:test';
import { onBoth, PASSWORD } from './world.mjs';

onBoth(test, 'an operator finds out whose a leaked key is, ends it and locks the account', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await server.account('bo', PASSWORD);
  const leaked = await server.token({ account: 'bo', allow: ['nuget:push'], packages: ['Contoso.*'], name: 'build' });
  const bo = await arrives();
  await bo.signsIn('bo');
  assert.equal(await bo.page.getByRole('link', { name: 'Operator' }).count(), 0);
  assert.equal(await bo.goes('/operator'), 404);

  await ada.goes('/settings/tokens');
  await ada.follows(() => ada.page.getByRole('link', { name: 'Operator', exact: true }).click());
  assert.equal(await ada.page.getByRole('heading', { level: 1 }).innerText(), 'Overview');
  await ada.follows(() => ada.page.getByRole('navigation', { name: 'Operator' }).getByRole('link', { name: 'Tokens' }).click());
  await ada.presses('Find by key');
  await ada.fills({ key: leaked });
  await ada.submits('Find');
  assert.match(await ada.says(), /The key you pasted is the present key of this token\.[\s\S]*build[\s\S]*Owner\s+bo/);
  assert.ok(!ada.page.url().includes(leaked) && !(await ada.page.content()).includes(leaked), 'the key is not shown again');
  await ada.presses('Revoke');
  assert.match(await ada.says(), /Revoked\. Its key is refused for good\./);
  assert.equal((await server.can(leaked, 'nuget:push', 'Contoso.Core')).status, 401);
  await bo.opensToken('build');
  assert.match(await bo.says(), /Token revoked\s+just now\s+ada/);

  await ada.goes('/operator/accounts');
  await ada.looksFor('B');
  await ada.follows(() => ada.page.locator('main').getByRole('link', { name: 'bo', exact: true }).click());
  await ada.presses('Disable');
  assert.match(await ada.says(), /Disabled\. Its sessions have ended/);
  await bo.goes('/settings/tokens');
  assert.equal(new URL(bo.page.url()).pathname, '/sign-in');

  await ada.goes('/operator/events');
  await ada.follows(() => ada.page.getByRole('navigation', { name: 'Filter' }).getByRole('link', { name: 'Tokens' }).click());
  await ada.page.getByText('Search by account, key, package or day').click();
  await ada.fills({ account: 'bo' });
  await ada.submits('Search');
  assert.match(await ada.says(), /token revoked/i);
  await ada.page.locator('#token').pressSequentially(leaked); // pasted by mistake: no more than the hint goes in
  await ada.submits('Search');
  assert.equal(new URL(ada.page.url()).searchParams.get('token'), leaked.slice(0, 7));
});
