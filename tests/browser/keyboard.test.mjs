// The life of a token without a mouse: every step is Tab, typing, Space, arrows and Enter, and the focus can always be seen.
import assert from 'node:assert/strict';
import test from 'node:test';
import { journey, PASSWORD, SECRET } from './world.mjs';

/** Opens a token from the list and presses one of its verbs, confirming if asked to. */
async function does(ada, verb) {
  await ada.goes('/settings/tokens');
  await ada.tabsTo({ text: 'By hand' });
  await ada.follows(() => ada.hits('Enter'));
  await ada.tabsTo({ text: verb });
  const dialog = await ada.followsOrIsAsked(() => ada.hits('Enter'));
  if (dialog || ada.isAsked(verb)) {
    await ada.tabsTo({ text: verb });
    await ada.follows(() => ada.hits('Enter'));
  }
}

/** Copies by keyboard what the page shows once. */
async function copies(ada) {
  const before = await ada.page.evaluate(() => navigator.clipboard.readText());
  await ada.tabsTo({ text: 'Copy key' });
  await ada.hits('Enter');
  const secret = await ada.reads(before);
  assert.match(secret, new RegExp(`^${SECRET.source}$`));
  return secret;
}

test('the whole life of a token needs no mouse', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.goes(await server.setupLink());
  await ada.tabsTo({ field: 'username' });
  await ada.types('ada');
  await ada.tabsTo({ field: 'email' });
  await ada.types('ada@example.com');
  await ada.tabsTo({ field: 'password' });
  await ada.types(PASSWORD);
  await ada.follows(() => ada.hits('Enter'));
  await ada.seesNoForm('password');

  await ada.goes('/settings/tokens');
  await ada.tabsTo({ text: 'Create token' });
  await ada.follows(() => ada.hits('Enter'));
  await ada.tabsTo({ field: 'name' });
  await ada.types('By hand');
  await ada.tabsTo({ field: 'preset' });
  await ada.hits('Space');
  for (const choice of ['read-write', 'versions', 'write', 'full', 'custom']) {
    await ada.hits('ArrowDown');
    assert.equal(await ada.page.evaluate(() => document.activeElement.value), choice);
  }
  await ada.tabsTo({ field: 'permission', value: 'nuget:push' });
  if (!await ada.page.evaluate(() => document.activeElement.checked)) await ada.hits('Space');
  await ada.tabsTo({ field: 'patterns' });
  await ada.page.keyboard.press('Control+A');
  await ada.types('Contoso.*');
  await ada.tabsTo({ field: 'expires' });
  await ada.page.keyboard.press('ArrowUp'); // from the 90 days it offers to the 30 before
  assert.equal(await ada.page.evaluate(() => document.activeElement.value), '30');
  await ada.tabsTo({ text: 'Create token' });
  await ada.follows(() => ada.hits('Enter'));
  const first = await copies(ada);
  assert.equal((await server.can(first, 'nuget:push', 'Contoso.Core')).allowed, true);

  await does(ada, 'Refresh');
  const second = await copies(ada);
  assert.equal((await server.can(first, 'nuget:push', 'Contoso.Core')).status, 401);
  await does(ada, 'Deactivate');
  assert.equal((await server.can(second, 'nuget:push', 'Contoso.Core')).status, 401);
  await does(ada, 'Reactivate');
  assert.equal((await server.can(second, 'nuget:push', 'Contoso.Core')).allowed, true);
  await does(ada, 'Revoke');
  assert.equal((await server.can(second, 'nuget:push', 'Contoso.Core')).status, 401);
}));

test('the first Tab on every page offers to skip to its content', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  for (const page of ['/', '/settings/tokens', '/guide']) {
    await ada.goes(page);
    await ada.page.evaluate(() => document.activeElement?.blur());
    await ada.hits('Tab');
    const link = await ada.page.evaluate(() => document.activeElement.getAttribute('href'));
    assert.match(link ?? '', /^#/, page);
    await ada.hits('Enter');
    assert.equal(await ada.page.evaluate(() => location.hash), link);
  }
}));
