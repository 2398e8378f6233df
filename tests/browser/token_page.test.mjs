// The page of one token: what it may do is tried on the page, its life is a picture with a table beside it, and a key that
// did little is narrowed in one click.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAccessible, journey, shoot } from './world.mjs';

const DAY = 86_400;

/** Opens the page of a new token. */
async function opensNewToken(person, token) {
  await person.createsToken({ name: 'Contoso CI', permissions: ['nuget:pull', 'nuget:push', 'nuget:delete'], expiry: '90', ...token });
  await person.opensToken('Contoso CI');
  return new URL(person.page.url()).pathname.split('/').pop();
}

async function tries(person, { action, name }) {
  const check = person.page.locator('#check');
  if (await check.getAttribute('open') === null) await check.locator('summary').click();
  await person.page.getByLabel('Action', { exact: true }).selectOption(action);
  await person.page.getByRole('textbox', { name: 'Package' }).fill(name);
  await person.submits('Check');
  return person.page.locator('.verdict').innerText();
}

async function isAccessible(page) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await assertAccessible(page);
  }
}

for (const javaScriptEnabled of [true, false]) {
  test(`a refusal is understood and mended before it happens, ${javaScriptEnabled ? 'with' : 'without'} scripts`, t => journey(t, {}, async ({ server, arrives }) => {
    const ada = await arrives({ javaScriptEnabled });
    await ada.signsUpByLink(await server.setupLink(), 'ada');
    const id = await opensNewToken(ada, { packages: ['Contoso.*'] });
    assert.match(await tries(ada, { action: 'nuget:push', name: 'Contoso.Core' }), /^Yes\. .* may push NuGet packages in main, and Contoso\.Core is covered/);
    assert.match(await tries(ada, { action: 'nuget:push', name: 'Fabrikam.Core' }), /^No\. .*Fabrikam\.Core is not among them/);
    assert.equal(await ada.page.getByRole('textbox', { name: 'Package' }).inputValue(), 'Fabrikam.Core');
    if (javaScriptEnabled) {
      assert.ok(await ada.page.evaluate(() => document.activeElement.matches('.verdict')), 'the answer has the focus');
      await isAccessible(ada.page);
      await shoot(ada.page, 'tried');
    }
    await ada.follows(() => ada.page.getByRole('link', { name: 'Add pattern' }).click());
    assert.equal(ada.page.url(), `${server.url}/settings/tokens/${id}/add?pattern=Fabrikam.Core`);
    if (javaScriptEnabled) {
      await isAccessible(ada.page);
      await shoot(ada.page, 'add-pattern');
    }
    await ada.submits('Add pattern');
    assert.match(await tries(ada, { action: 'nuget:push', name: 'Fabrikam.Core' }), /^Yes\./);
  }));
}

test('the life of a key is a picture, a table and an advice', t => journey(t, { engine: 'postgres' }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const id = await opensNewToken(ada, { packages: ['*'], note: 'GitHub secret NUGET_KEY of contoso/service' });
  assert.match(await ada.says(), /Not used yet/);
  await isAccessible(ada.page);
  await shoot(ada.page, 'unused');

  // Two months pass.
  const now = Math.floor(Date.now() / 1000);
  const today = Math.floor(now / DAY);
  await server.sql(`UPDATE tokens SET created_at = created_at - ${60 * DAY}, issued_at = issued_at - ${60 * DAY} WHERE id = '${id}'`);
  await server.sql(`UPDATE events SET at = at - ${60 * DAY} WHERE token = '${id}'`);
  await server.sql(`UPDATE installation SET value = '${now - 90 * DAY}' WHERE name = 'uses watched since'`);
  await server.sql(`INSERT INTO token_days (token, day, uses, refusals) SELECT '${id}', day, 12 + (day * 7) % 23, CASE WHEN day % 9 = 0 THEN 6 ELSE 0 END FROM generate_series(${today - 60}, ${today}) day`);
  await server.sql(`INSERT INTO events (id, at, verb, token, detail) VALUES ('00000000-0000-7000-8000-000000000001', ${now - 20 * DAY}, 'token deactivated', '${id}', ''), ('00000000-0000-7000-8000-000000000002', ${now - 16 * DAY}, 'token reactivated', '${id}', '')`);
  await server.sql(`INSERT INTO token_places (id, token, client, address, first_at, last_at, uses) VALUES ('p1', '${id}', 'NuGet Command Line/6.8.0 (Unix 5.10.0)', '203.0.113.7', ${now - 40 * DAY}, ${now - 3600}, 1204), ('p2', '${id}', 'NuGet .NET Core MSBuild Task/6.12.1 (Linux)', '2001:db8:85a3::8a2e:370:7334', ${now - 40 * DAY}, ${now - 9 * DAY}, 17)`);
  await server.sql(`INSERT INTO refusals (id, account, token, reason, occasion, action, feed, package, client, address, first_at, last_at, times) SELECT 'r1', account, id, 'feed-not-covered', 0, 'nuget:push', 'team', 'Fabrikam.Core', 'NuGet Command Line/6.8.0', '203.0.113.7', ${now - 3 * DAY}, ${now - 7200}, 6 FROM tokens WHERE id = '${id}'`);
  await server.sql(`INSERT INTO token_work (id, token, permission, feed, package, last_at, uses) SELECT w.name, '${id}', 'nuget:pull', f.id, w.name, ${now - DAY}, 5 FROM feeds f, (VALUES ('Fabrikam.Core'), ('Fabrikam.Web')) w(name) WHERE f.name = 'main'`);

  await ada.goes(`/settings/tokens/${id}`);
  const picture = ada.page.getByRole('img', { name: 'Uses and refusals of each of the last 90 days' });
  assert.equal(await picture.locator('.up').count(), 61);
  const [box, bars] = [await picture.boundingBox(), await picture.locator('.up').last().boundingBox()];
  assert.ok(bars.height > 2 && bars.y >= box.y && bars.x + bars.width <= box.x + box.width + 1, 'the last bar is in the picture');
  await isAccessible(ada.page);
  await shoot(ada.page, 'token');
  await ada.page.getByText('Show as a table').click();
  assert.equal(await ada.page.locator('.counts tbody tr').count(), 61);
  await isAccessible(ada.page);

  assert.match(await ada.says(), /touched only Fabrikam\.Core and Fabrikam\.Web\./);
  await ada.follows(() => ada.page.getByRole('link', { name: 'Narrow' }).click());
  await isAccessible(ada.page);
  await shoot(ada.page, 'narrow');
  await ada.follows(() => ada.page.getByRole('button', { name: 'Narrow it' }).click());
  assert.match(await ada.says(), /Narrowed to what it was used for/);
  assert.match(await tries(ada, { action: 'nuget:delete', name: 'Fabrikam.Core' }), /^No\. .* may not delete/);
  assert.match(await tries(ada, { action: 'nuget:pull', name: 'Fabrikam.Core' }), /^Yes\./);
}));
