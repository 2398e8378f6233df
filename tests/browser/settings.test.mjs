// The settings of an account: a lost session is ended from another browser, and times follow the zone.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAccessible, onBoth, PASSWORD, shoot } from './world.mjs';

onBoth(test, 'somebody ends the session of a browser they lost', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const lost = await arrives({ userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15' });
  await lost.signsIn('ada');
  await ada.goes('/settings/tokens');
  await ada.follows(() => ada.page.getByRole('link', { name: 'Sessions', exact: true }).click());
  await assertAccessible(ada.page);
  await shoot(ada.page, 'sessions');
  await ada.presses('End the session of Safari 18 on macOS');
  assert.match(await ada.says(), /Ended\. Whoever used that session must sign in again/);
  assert.match(await ada.says(), /You are signed in here and nowhere else/);
  await shoot(ada.page, 'sessions-ended');
  await lost.goes('/settings/tokens');
  assert.equal(new URL(lost.page.url()).pathname, '/sign-in', 'the lost browser has to sign in');
  await lost.signsIn('ada', PASSWORD);
  await ada.goes('/settings/sessions');
  await ada.presses('End all other sessions');
  await lost.goes('/settings/tokens');
  assert.equal(new URL(lost.page.url()).pathname, '/sign-in');
});

onBoth(test, 'somebody chooses their time zone by its city', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/settings/profile');
  await assertAccessible(ada.page);
  await shoot(ada.page, 'profile');
  await ada.page.getByLabel('Time zone').selectOption({ label: await ada.page.locator('option[value="Asia/Tokyo"]').innerText() });
  await ada.presses('Save time zone');
  assert.match(await ada.says(), /Times are shown in this zone from now on/);
  assert.match(await ada.says(), /you see times like this: .* JST/);
  await shoot(ada.page, 'profile-saved');
  await ada.follows(() => ada.page.getByRole('link', { name: 'Notifications', exact: true }).click());
  await assertAccessible(ada.page);
  await shoot(ada.page, 'notifications');
});
