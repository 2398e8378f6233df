// The settings of an account: a lost session is ended from another browser, times follow the zone, and mailed links set
// passwords and addresses.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { assertGood } from './looks.mjs';
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

/** The one-time link in the newest mail to somebody; what waits is sent first. */
async function mailedLink(server, to) {
  await server.must(['jobs', 'run', 'expiry-warnings']);
  const folder = path.join(server.folder, 'data/mails');
  const mails = readdirSync(folder).sort().reverse().map(name => readFileSync(path.join(folder, name), 'utf8').replaceAll('=\r\n', '').replaceAll('=3D', '='));
  const mail = mails.find(text => text.includes(`To: ${to}`) && text.includes('?link='));
  return /\/\w+\?link=[\w-]{43}/.exec(mail)[0]; // the command does not know the free port that the server took
}

onBoth(test, 'somebody who forgot their password sets a new one by mail', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const later = await arrives();
  await later.goes('/sign-in');
  await later.follows(() => later.page.getByRole('link', { name: 'Forgot your password?' }).click());
  await assertAccessible(later.page);
  await shoot(later.page, 'forgot');
  await later.fills({ email: 'ada@example.com' });
  await later.submits('Mail me a link');
  await assertGood(later.page, 'forgot-sent');
  const link = await mailedLink(server, 'ada@example.com');
  await later.goes(link);
  await assertGood(later.page, 'reset');
  const password = 'quiet herons over the mill';
  await later.fills({ password });
  await later.submits('Set password');
  assert.match(await later.says(), /Password set\. Sign in with it/);
  await shoot(later.page, 'reset-done');
  await ada.goes('/settings/tokens');
  assert.equal(new URL(ada.page.url()).pathname, '/sign-in', 'every session has ended');
  await later.signsIn('ada', password);
  assert.equal(await ada.goes(link), 410);
  await assertGood(ada.page, 'link-dead');
});

onBoth(test, 'somebody changes their address', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/settings/profile');
  await ada.fills({ email: 'lovelace@example.org', password: 'not my password' });
  await ada.submits('Change address');
  assert.match(await ada.says(), /This is not your password/);
  assert.equal(await ada.page.locator('#email').inputValue(), 'lovelace@example.org');
  await assertAccessible(ada.page);
  await shoot(ada.page, 'address-refused');
  await ada.fills({ password: PASSWORD });
  await ada.submits('Change address');
  assert.match(await ada.says(), /until you follow it, nothing changes/);
  await ada.goes(await mailedLink(server, 'lovelace@example.org'));
  await assertGood(ada.page, 'confirm');
  await ada.submits('Use this address');
  assert.match(await ada.says(), /Your address is changed, and every session has ended/);
  await ada.signsIn('lovelace@example.org');
});
