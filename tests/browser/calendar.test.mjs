// A calendar's private address: made, copied once, subscribed to without cookies, ended. And a key of an older system beside it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAccessible, journey, shoot } from './world.mjs';

const KEY = '5f1d2c3b-89ab-4cde-8f01-23456789abcd';

test('a calendar address is copied once and shows what will end', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'Nightly, “Контосо”', permissions: ['nuget:push'], packages: ['Contoso.*'], expiry: '30' });
  await server.must(['legacy', 'import', '-', '--policy', 'idle-365'], `account,key,created,last_push,name\nada,${KEY},2016-05-01,2026-01-15,Old build machine\n`);

  await ada.goes('/settings/calendar');
  await shoot(ada.page, 'calendar-none');
  await ada.page.getByRole('button', { name: 'Make a private address' }).click();
  await ada.page.getByRole('heading', { name: 'Calendar address made' }).waitFor();
  await assertAccessible(ada.page);
  await shoot(ada.page, 'calendar-made');
  const address = (await ada.page.locator('#address').textContent()).trim();
  const calendar = await fetch(address);
  assert.equal(calendar.status, 200);
  const text = (await calendar.text()).replaceAll('\r\n ', '');
  assert.match(text, /SUMMARY:Access token “Nightly\\, “Контосо”” expires\r\n/);
  assert.match(text, /SUMMARY:Access token “Old build machine” is retired\r\n/);
  assert.ok(!server.log.includes(new URL(address).pathname), 'the log keeps the address to itself');

  await ada.goes('/settings/calendar');
  assert.equal(await ada.page.locator('#address').count(), 0);
  await assertAccessible(ada.page);
  await shoot(ada.page, 'calendar');
  await ada.page.getByText('End this address').click();
  await ada.page.getByRole('button', { name: 'End the address' }).click();
  await ada.page.getByText('Calendars that used the address stop at once').waitFor();
  assert.equal((await fetch(address)).status, 404);

  await ada.goes('/settings/tokens');
  await assertAccessible(ada.page);
  await shoot(ada.page, 'legacy-in-list');
  await ada.page.getByRole('link', { name: 'Old build machine', exact: true }).click();
  await ada.page.getByText('comes from an older system').waitFor();
  await assertAccessible(ada.page);
  await shoot(ada.page, 'legacy');
}));
