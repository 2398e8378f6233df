// An operator adds twenty people without a terminal; one of them chooses a password by the link and signs in.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAccessible, onBoth, PASSWORD } from './world.mjs';

const list = from => ['username,email', ...Array.from({ length: 10 }, (_, at) => `person${from + at},person${from + at}@example.com`)].join('\n');

onBoth(test, 'an operator adds people from a list, pasted or uploaded, and they choose their passwords', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/operator/accounts/import');
  await assertAccessible(ada.page);
  await ada.fills({ people: `${list(0)}\nada,nowhere` });
  await ada.presses('Add everybody');
  assert.match(await ada.page.locator('main').innerText(), /Line 12/);
  assert.match(await ada.page.locator('main [name="people"]').inputValue(), /person9@example\.com/, 'what was pasted is kept');
  await assertAccessible(ada.page);

  await ada.fills({ people: list(0) });
  await ada.presses('Add everybody');
  const links = await ada.page.locator('code.key').allInnerTexts();
  assert.equal(links.length, 10);
  await assertAccessible(ada.page);
  const bo = await arrives();
  await bo.goes(links[3]);
  await assertAccessible(bo.page);
  await bo.fills({ password: PASSWORD });
  await bo.follows(() => bo.page.locator('main form button').last().click());
  await bo.signsIn('person3');

  await ada.goes('/operator/accounts/import');
  await ada.page.setInputFiles('#file', { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(list(10)) });
  await ada.presses('Add everybody');
  assert.equal(await ada.page.locator('code.key').count(), 10);
  await ada.goes('/operator/accounts/invitations');
  assert.equal(await ada.page.locator('main tbody tr').count(), 19, 'all but the one who came');
  await assertAccessible(ada.page);
});
