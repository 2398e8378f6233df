// A list with many tokens: found by search and part, changed several at a time, frozen and thawed; with the mouse, the keyboard and without a script.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertGood } from './looks.mjs';
import { assertAccessible, journey, onBoth, shoot } from './world.mjs';

const CAN = ['nuget:push', 'Contoso.Core'];

/** Makes tokens from the command line, and answers their secrets by name. */
async function withTokens(server, names) {
  const secrets = {};
  for (const name of names) secrets[name] = await server.token({ account: 'ada', name, allow: ['nuget:push'], packages: ['Contoso.*'], days: '90d' });
  return secrets;
}

/** Ticks the tokens of these names. */
async function ticks(person, names) {
  for (const name of names) await person.page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
}

const works = async (server, secret) => (await server.can(secret, ...CAN)).allowed === true;

onBoth(test, 'several tokens are revoked at once, and all of them frozen and thawed', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const keys = await withTokens(server, ['Build', 'Laptop', 'Old mirror', 'Older mirror']);
  await ada.goes('/settings/tokens');
  await ada.page.getByRole('searchbox').fill('mirror');
  await ada.follows(() => ada.hits('Enter'));
  assert.match(await ada.says(), /2 tokens/);
  assert.equal(await ada.page.getByRole('button', { name: 'Revoke', exact: true }).count(), 0, 'steps come with a selection');
  await ada.page.getByRole('checkbox', { name: 'Select all on this page' }).check();
  assert.match(await ada.says(), /2 selected/);
  await assertAccessible(ada.page);
  await shoot(ada.page, 'list-ticked');
  await ada.follows(() => ada.page.getByRole('button', { name: 'Revoke', exact: true }).click());
  assert.equal(await ada.page.getByRole('heading', { level: 1 }).innerText(), 'Revoke 2 tokens');
  assert.match(await ada.says(), /Old mirror[^]*Older mirror/);
  await assertAccessible(ada.page);
  await shoot(ada.page, 'revoke-selected');
  await ada.submits('Revoke 2 tokens for good');
  assert.match(await ada.says(), /The selected tokens are revoked/);
  assert.equal(new URL(ada.page.url()).searchParams.get('q'), 'mirror', 'the search is kept');
  assert.deepEqual([await works(server, keys['Old mirror']), await works(server, keys.Build)], [false, true]);

  await ada.goes('/settings/tokens');
  await ada.page.getByRole('button', { name: 'More actions for all tokens' }).click();
  await ada.follows(() => ada.page.getByRole('link', { name: /^Freeze all tokens/ }).click());
  await assertAccessible(ada.page);
  await shoot(ada.page, 'freeze');
  await ada.submits('Freeze all tokens');
  assert.match(await ada.says(), /Frozen since/);
  await assertAccessible(ada.page);
  await shoot(ada.page, 'frozen');
  assert.deepEqual([await works(server, keys.Build), await works(server, keys.Laptop)], [false, false]);
  await ada.follows(() => ada.page.getByRole('link', { name: /Undo the freeze/ }).click());
  await assertAccessible(ada.page);
  await ada.submits('Undo the freeze');
  assert.doesNotMatch(await ada.says(), /Frozen since/);
  assert.deepEqual([await works(server, keys.Build), await works(server, keys['Old mirror'])], [true, false]);
});

test('several tokens are switched off and on without a script', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives({ javaScriptEnabled: false });
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const keys = await withTokens(server, ['Build', 'Laptop', 'Mirror']);
  await ada.goes('/settings/tokens');
  assert.equal(await ada.page.getByRole('checkbox', { name: 'Select all on this page' }).count(), 0, 'what needs a script is not there');
  await ada.goes('/settings/tokens/selected?step=deactivate');
  assert.match(await ada.says(), /Select at least one token/);
  for (const [verb, on] of [['Deactivate', false], ['Reactivate', true]]) {
    await ticks(ada, ['Build', 'Mirror']);
    await ada.follows(() => ada.page.getByRole('button', { name: verb, exact: true }).click());
    await ada.submits(`${verb} 2 tokens`);
    assert.deepEqual([await works(server, keys.Build), await works(server, keys.Mirror), await works(server, keys.Laptop)], [on, on, true], verb);
  }
}));

test('the keyboard reaches every control of the list', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await withTokens(server, ['Build', 'Laptop']);
  await ada.goes('/settings/tokens');
  await ada.tabsTo({ field: 'q' });
  await ada.types('build');
  await ada.follows(() => ada.hits('Enter'));
  await ada.tabsTo({ field: 'token' });
  await ada.hits('Space');
  await ada.tabsTo({ field: 'step', value: 'deactivate' });
  await ada.follows(() => ada.hits('Enter'));
  assert.equal(await ada.page.getByRole('heading', { level: 1 }).innerText(), 'Deactivate 1 token');
}));

test('a list of many looks right in every window', t => journey(t, { engine: 'postgres' }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await withTokens(server, ['Contoso service CI']);
  await server.sql(`INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, lifetime, expires_at, deactivated_at, revoked_at, last_used_at, last_used_by, last_used_from, version)
    SELECT '0190a000-0000-7000-8000-' || lpad(i::text, 12, '0'), account, kind, n.name, lower(n.name), '', permissions, CASE WHEN i % 5 = 0 THEN '*' ELSE 'Contoso.Team' || i || '.*' END, feeds,
      'lk_' || substr(md5(i::text), 1, 4), created_at - i * 7200, created_at - i * 7200, lifetime, created_at - i * 7200 + (array[30, 90, 180, 365])[i % 4 + 1] * 86400,
      CASE WHEN i % 11 = 0 THEN created_at END, CASE WHEN i % 17 = 0 THEN created_at END, CASE WHEN i % 4 <> 1 THEN created_at - i * 1000 END, 'NuGet Command Line/5.8.0', '203.0.113.7', 1
    FROM tokens t, generate_series(1, 620) i, LATERAL (SELECT (array['build', 'deploy to production from the release branch of the service', 'nightly', 'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW'])[i % 4 + 1] || ' ' || i AS name) n WHERE t.kind = 'personal'`);
  for (const path of ['/settings/tokens', '/settings/tokens?state=expired&sort=name', '/settings/tokens?q=nowhere&state=active', '/settings/tokens?sort=expires']) {
    await ada.goes(path);
    await assertGood(ada.page, `list-many${path.replace(/\W+/g, '-')}`);
  }
}));

/** Where an element begins, in pixels from the top of the page. */
const top = (page, selector) => page.locator(selector).first().evaluate(element => element.getBoundingClientRect().top + scrollY);

test('the first tokens of many are in sight at once', t => journey(t, { engine: 'postgres' }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await withTokens(server, ['Contoso service CI']);
  await server.sql(`INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, expires_at, version)
    SELECT '0190a000-0000-7000-8000-' || lpad(i::text, 12, '0'), account, kind, 'Job ' || i, 'job ' || i, '', permissions, patterns, feeds, 'lk_' || substr(md5(i::text), 1, 4), created_at - i * 7200,
      created_at - i * 7200, created_at + (i % 90 - 20) * 86400, 1 FROM tokens t, generate_series(1, 200) i WHERE t.kind = 'personal'`);
  await ada.goes('/settings/tokens');
  assert.ok(await top(ada.page, '.table tbody tr') < 320, 'the first row on a desk');
  const inSight = await ada.page.locator('.table tbody tr').evaluateAll(rows => rows.filter(row => row.getBoundingClientRect().bottom <= innerHeight).length);
  assert.ok(inSight >= 8, `${inSight} rows are in sight on a desk`);
  const controls = await ada.page.locator('a:visible, button:visible').count();
  assert.ok(controls < 150, `${controls} controls`);
  assert.equal(await ada.page.locator('.table tbody tr').count(), 25);
  const heights = await ada.page.locator('.table tbody tr').evaluateAll(rows => [...new Set(rows.map(row => Math.round(row.getBoundingClientRect().height)))]);
  assert.ok(heights.every(height => height >= 48 && height <= 53), `rows of ${heights} px`);
  await ada.page.setViewportSize({ width: 360, height: 740 });
  assert.ok(await top(ada.page, '.table tbody th') < 420, 'the first token on a phone');
  const small = await ada.page.locator('main :is(a.button, button, .chips a, .alerts a, .topbar nav a, .side a):visible').evaluateAll(all => all.filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML.slice(0, 90)));
  assert.deepEqual(small, [], 'fingers find what they press');
}));

test('pages are drawn after two answers, and texts come compressed', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  const seen = [];
  ada.page.on('response', response => seen.push(response));
  await ada.goes('/sign-in');
  const sheets = await ada.page.locator('link[rel=stylesheet]').evaluateAll(links => links.map(link => link.href));
  assert.equal(sheets.length, 1);
  const blocking = await ada.page.locator('script:not([type=module]):not([async]):not([defer]), style, [style]').count();
  assert.equal(blocking, 0);
  for (const response of seen.filter(response => /\/static\//.test(response.url()) && /css|javascript/.test(response.headers()['content-type']))) {
    assert.equal(response.headers()['content-encoding'], 'gzip', response.url());
  }
  const plain = await fetch(sheets[0], { headers: { 'accept-encoding': 'identity' } });
  assert.equal(plain.headers.get('content-encoding'), null);
  assert.match(await plain.text(), /@layer base, layout, parts, table, page, adapt/);
}));
