// A person who has never seen the product makes a key for a pipeline that can do no more than the pipeline needs: with the
// page's own words as the only guide, with scripts and without.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAccessible, onBoth, SECRET, shoot } from './world.mjs';

/** The packages of the story, published by whoever set the host up. */
const PACKAGES = ['Contoso', 'Contoso.Core', 'Contoso.Web', 'Fabrikam.Core'];

/** Publishes packages from the command line of a build machine. */
async function publishes(server, secret, names) {
  for (const name of names) {
    const { allowed } = await server.can(secret, 'nuget:push', name);
    assert.equal(allowed, true, name);
  }
}

/** What the preview says, once it says this and no longer that. */
async function previews(ada, hasText, hasNotText) {
  const coverage = ada.page.locator('#coverage');
  await coverage.filter({ hasText, hasNotText }).waitFor();
  return coverage.innerText();
}

onBoth(test, 'a newcomer makes a least-privilege key for a pipeline', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const { page } = ada;

  // From where the sign-up leads, by the one main button.
  await ada.goes('/settings/tokens');
  await ada.follows(() => page.locator('main').getByRole('link', { name: /^Create/ }).first().click());
  assert.equal(await page.evaluate(() => document.activeElement.name), 'name', 'the form waits for the name');
  await ada.types('Contoso CI');
  await page.getByLabel('Upload only', { exact: true }).check();
  assert.ok(!await page.locator('[name=permission]').first().isVisible(), 'single permissions are not in the way');
  await page.getByLabel('Patterns, one per line').fill('Contoso.*\n@team/*');
  assert.match(await previews(ada, /@team/), /can match no NuGet package/);
  await shoot(page, 'first-key-preview');
  await page.getByLabel('Patterns, one per line').fill('Contoso.*');
  assert.match(await previews(ada, /future ones/, '@team'), /There is no NuGet package yet/);
  await assertAccessible(page);
  await ada.opensAdvanced();
  await page.getByLabel('Move the expiry to 10:00 on the next weekday').check();
  assert.match(await page.locator('#sentence').filter({ hasText: 'matching Contoso.*' }).innerText(), /^Can upload NuGet packages matching Contoso\.\* in all feeds until /);
  await ada.submits('Create token');

  const secret = await ada.copiesSecret();
  await publishes(server, secret, ['Contoso.Core']);
  for (const [action, name] of [['nuget:pull', 'Contoso.Core'], ['nuget:push', 'Fabrikam.Core'], ['nuget:push', 'Contoso'], ['nuget:delete', 'Contoso.Core']]) {
    assert.equal((await server.can(secret, action, name)).allowed, false, `${action} ${name}`);
  }
  // The line for the pipeline names its secret, not the key.
  await page.getByLabel('GitHub Actions', { exact: true }).check();
  const step = await page.locator('#use-github pre').last().innerText();
  assert.match(step, /--api-key "\$NUGET_API_KEY"/);
  assert.doesNotMatch(step, SECRET);
  await page.emulateMedia({ media: 'print' });
  assert.doesNotMatch(await page.locator('body').innerText(), SECRET, 'a key is not printed');
  assert.ok(!await page.locator('#secret').isVisible());
  await page.emulateMedia({ media: null });
  await assertAccessible(page);
});

onBoth(test, 'the same needs no script', async ({ server, arrives }) => {
  const ada = await arrives({ javaScriptEnabled: false });
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const { page } = ada;
  await ada.goes('/settings/tokens/new');
  await ada.fills({ name: 'Contoso CI', patterns: 'Contoso.*\n@team/*' });
  await page.getByLabel('Upload only', { exact: true }).check();
  await ada.submits('Preview');
  assert.match(await page.locator('#coverage').innerText(), /@team\/\*” can match no NuGet package/);
  await shoot(page, 'first-key-without-script');
  assert.ok(await page.getByLabel('Upload only', { exact: true }).isChecked());
  await ada.fills({ patterns: 'Contoso.*' });
  await ada.submits('Create token');
  assert.match(await ada.says(), /Show the key/);
  const secret = await ada.showsSecret();
  assert.match(await ada.says(), /Press Ctrl\+C/);
  await publishes(server, secret, ['Contoso.Core']);
  assert.equal((await server.can(secret, 'nuget:push', 'Fabrikam.Core')).allowed, false);
});

onBoth(test, 'packages are searched and ticked instead of typed', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const { page } = ada;
  await server.publishes('ada', PACKAGES);
  await ada.goes('/settings/tokens/new');
  const packages = page.getByLabel('Patterns, one per line');
  await page.getByText('Choose from your packages').click();
  await page.getByLabel('Search your packages').fill('FABRI');
  await page.locator('#picks').filter({ hasNotText: 'Contoso' }).waitFor();
  await page.getByLabel('Search your packages').press('Enter');
  await page.getByLabel('Fabrikam.Core', { exact: true }).check();
  assert.equal(await packages.inputValue(), 'Fabrikam.Core');
  assert.match(await previews(ada, /1 of your 4/), /Fabrikam\.Core/);
  await page.getByLabel('Fabrikam.Core', { exact: true }).uncheck();
  assert.equal(await packages.inputValue(), '');
  await packages.fill('contoso.*');
  const said = await previews(ada, /2 of your 4/);
  assert.match(said, /future ones/);
  assert.match(said, /not “Contoso” itself/);
  await shoot(page, 'first-key-ticked');
  await assertAccessible(page);
});
