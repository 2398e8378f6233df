// What people see of expiries: banners that are put away, reminders that are asked for and stopped from within their mail,
// and the mail queue of an operator.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertGood } from './looks.mjs';
import { withPostOffice } from './post_office.mjs';
import { journey, PASSWORD } from './world.mjs';

/** Sends what waits, as the server itself does every minute. */
const sends = (server, ...more) => server.must(['jobs', 'run', 'expiry-warnings', ...more]);

/** Lets days go by for tokens of a name, and for what their owners are owed; PostgreSQL only. */
const ages = (server, name, days) => server.sql(`
  UPDATE tokens SET issued_at = issued_at - ${days} * 86400, expires_at = expires_at - ${days} * 86400 WHERE name = '${name}';
  UPDATE notices SET due_at = due_at - ${days} * 86400, occasion = CAST(CAST(occasion AS BIGINT) - ${days} * 86400 AS TEXT)
    WHERE kind <> 'happened' AND subject IN (SELECT id FROM tokens WHERE name = '${name}')`);

/** Looks at a page until it says something; the server's own tick may be at work on a mail. */
async function seesOn(person, path, pattern) {
  for (let looked = 0; looked < 100; looked += 1) {
    await person.goes(path);
    if (pattern.test(await person.says())) return;
    await person.page.waitForTimeout(100);
  }
  assert.match(await person.says(), pattern);
}

test('expired banners are put away by keyboard, and without JavaScript', t => journey(t, { engine: 'postgres' }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  for (const [name, days] of [['Nightly', 100], ['Laptop', 100], ['Old CI', 100], ['Release', 85]]) {
    await server.token({ account: 'ada', allow: ['nuget:push'], packages: ['*'], name });
    await ages(server, name, days);
  }
  await ada.goes('/settings/tokens');
  assert.match(await ada.says(), /3 expired[\s\S]*1 expires soon/);
  await assertGood(ada.page, 'alerts');
  await ada.tabsTo({ text: 'More actions for Laptop' });
  await ada.hits('Enter');
  await ada.tabsTo({ text: 'Dismiss alert' });
  await ada.follows(() => ada.hits('Enter'));
  assert.match(await ada.says(), /2 expired/);

  const plain = await arrives({ javaScriptEnabled: false });
  await plain.signsIn('ada');
  await plain.goes('/settings/tokens');
  await plain.presses('Dismiss all');
  assert.match(await plain.says(), /Dismissed\. The tokens stay in the list/);
  const alerts = await plain.page.getByRole('list', { name: 'Needs attention' }).innerText();
  assert.doesNotMatch(alerts, /expired/);
  assert.match(alerts, /1 expires soon/, 'what is still to come stays');
  await plain.goes('/settings/tokens?state=ended');
  assert.match(await plain.says(), /Laptop/);
}));

test('reminders are ticked and saved, and the link in one asks before it stops them', t => withPostOffice((office, settings) => journey(t, { settings }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/settings/notifications');
  await ada.tabsTo({ field: 'thirty_days' });
  await ada.hits('Space');
  await ada.submits('Save');
  assert.match(await ada.says(), /Saved\./);
  const ticked = async () => { await ada.goes('/settings/notifications'); return ada.page.getByLabel('30 days before').isChecked(); };
  assert.ok(await ticked());
  await assertGood(ada.page, 'notifications-ticked');

  await server.token({ account: 'ada', allow: ['nuget:push'], packages: ['*'], name: 'Nightly' });
  server.environment.LATCHKEY_TIME_TRAVEL = '1';
  await sends(server, '--now', new Date(Date.now() + 61 * 86_400_000).toISOString());
  const reminder = office.taken.at(-1).text;
  assert.match(reminder, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click/m);
  const link = /\/unsubscribe\?link=[\w-]+/.exec(reminder)[0];
  const stranger = await arrives();
  await stranger.goes(link);
  assert.match(await stranger.says(), /Press the button, and ada gets no more reminders/);
  await assertGood(stranger.page, 'unsubscribe');
  assert.ok(await ticked(), 'looking at it stops nothing');
  await stranger.submits('Stop reminders');
  assert.match(await stranger.says(), /ada gets no more reminders/);
  await assertGood(stranger.page, 'unsubscribe-done');
  assert.ok(!await ticked());
  await stranger.goes(`${link}x`);
  await assertGood(stranger.page, 'unsubscribe-dead');
})));

test('an operator reads why a mail failed, tries it again and drops another', t => withPostOffice((office, settings) => journey(t, { engine: 'postgres', settings }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await sends(server);
  await ada.goes('/operator/mail');
  await assertGood(ada.page, 'mail-empty');

  for (const name of ['bo', 'cy']) await server.account(name, PASSWORD);
  const bo = await arrives();
  await bo.goes('/forgot');
  await bo.fills({ email: 'cy@example.com' });
  office.says('450 4.2.2 The mailbox of cy is full', 'cy@example.com');
  await bo.submits('Mail me a link');
  await bo.signsIn('bo');
  await server.token({ account: 'bo', allow: ['nuget:push'], packages: ['Contoso.*'], name: 'Nightly' });
  await sends(server);
  office.says('550 5.1.1 No mailbox here by that name', 'bo@example.com');
  await ages(server, 'Nightly', 85);
  await sends(server);
  await seesOn(bo, '/settings/profile', /did not reach bo@example\.com\. The mail server says: “[^”]*550 5\.1\.1 No mailbox here by that name”/);
  await assertGood(bo.page, 'undelivered');

  await seesOn(ada, '/operator/mail', /450 4\.2\.2 The mailbox of cy is full/);
  assert.match(await ada.says(), /bo@example\.com[\s\S]*Rejected[\s\S]*550 5\.1\.1 No mailbox here by that name/);
  await assertGood(ada.page, 'mail');
  await ada.follows(() => ada.page.getByRole('link', { name: 'Rejected', exact: true }).click());
  assert.doesNotMatch(await ada.says(), /cy@example\.com/);
  await ada.follows(() => ada.page.getByRole('link', { name: /^Try now.*bo@example\.com/ }).click());
  await assertGood(ada.page, 'mail-retry');
  office.says('', 'bo@example.com');
  await ada.submits('Try again');
  assert.match(await ada.says(), /It is tried again within a minute\./);
  await sends(server);
  await seesOn(ada, '/operator/mail', /^(?![\s\S]*bo@example\.com)/);
  assert.match(office.taken.at(-1).text, /^To: bo@example\.com/m);
  await bo.goes('/settings/tokens');
  assert.doesNotMatch(await bo.says(), /did not reach/);

  await ada.page.getByRole('button', { name: 'More actions for the email to cy@example.com' }).click();
  await ada.follows(() => ada.page.getByRole('link', { name: /^Discard.*cy@example\.com/ }).click());
  await assertGood(ada.page, 'mail-drop');
  await ada.submits('Discard it');
  assert.match(await ada.says(), /Discarded\.[\s\S]*Every email is sent/);
  assert.ok(!office.taken.some(mail => mail.to === 'cy@example.com' && mail.text.includes('/reset?link=')));

  await seesOn(ada, '/operator/jobs', /Mail\s+sends every mail that is due/);
  await assertGood(ada.page, 'jobs');
})));
