// The answers to wrong and stale forms, and what strangers see, hold against axe-core and fit their window: in light, dark and forced
// colours, at every width from a phone at 400 % zoom to a wide desk. Every link leads to a page; `every_page.test.mjs` looks at those.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertGood } from './looks.mjs';
import { nupkg, pushes } from './nupkg.mjs';
import { journey, PASSWORD } from './world.mjs';

/** The kind of page behind a path: ids and names are left out. */
function kind(path) {
  return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27,}|[0-9a-f]{24,}/g, 'ID').replace(/\/+$/, '') || '/';
}

/** Opens every page that links lead to, one of each kind; what strangers see is held against everything. */
async function walks(person, from, isStranger) {
  const seen = new Set();
  const queue = [...from];
  while (queue.length > 0) {
    const path = queue.shift();
    if (seen.has(kind(path))) continue;
    seen.add(kind(path));
    const status = await person.goes(path);
    assert.ok(status < 400 || from.includes(path), `${path} is linked and answers ${status}`);
    if (isStranger) await assertGood(person.page, `page${kind(path).replaceAll('/', '-').replace(/-$/, '-home')}`);
    const links = await person.page.locator('a[href]').evaluateAll(all => all.map(a => new URL(a.href)).filter(url => url.origin === location.origin).map(url => url.pathname));
    queue.push(...links.filter(link => !/^\/(static|v3|api|feeds\/[^/]+\/nuget)\/|(\.csv|\/export)$/.test(link)));
  }
  return seen;
}

test('every page is accessible', t => journey(t, { engine: 'postgres', settings: { LATCHKEY_SIGN_UP: 'open' } }, async ({ server, arrives }) => {
  const ada = await arrives();
  const link = await server.setupLink();
  await ada.goes(link);
  await assertGood(ada.page, 'setup');
  await ada.fills({ username: 'ada', email: 'ada@example.com', password: 'password' });
  await ada.leavesJudgingToServer();
  await ada.follows(() => ada.page.locator('main form button:not([type=button])').last().click());
  await assertGood(ada.page, 'setup-refused');
  await ada.signsUpByLink(link, 'ada');
  await ada.goes('/settings/tokens');
  await assertGood(ada.page, 'list-empty');
  await ada.page.locator('.me').click();
  await assertGood(ada.page, 'menu');

  await ada.createsToken({ name: '', permissions: [], packages: [''], expiry: '30' });
  await assertGood(ada.page, 'new-refused');
  for (const [name, expiry] of [['Ending', '30'], ['Ended', '30'], ['Build', '90'], ['Laptop', 'never'], ['Paused', '30'], ['Gone', '365'],
    ['Asia-Pacific continuous integration server, Kuala Lumpur (publishes on Fridays)', '180'], ['W'.repeat(128), 'never']]) {
    await ada.createsToken({ name, permissions: ['nuget:pull', 'nuget:push'], packages: ['Contoso.*', 'Fabrikam.Core'], expiry });
  }
  await assertGood(ada.page, 'created');
  await ada.page.getByText('Show the key').click();
  await assertGood(ada.page, 'created-shown');
  await ada.page.reload(); // sends the form again
  await assertGood(ada.page, 'already-done');
  await ada.does('Deactivate', 'Paused');
  await assertGood(ada.page, 'deactivated');
  await ada.does('Revoke', 'Gone');
  await assertGood(ada.page, 'revoked');

  await ada.opensEdit('Build');
  await ada.describesToken({ packages: ['Contoso.[ab]'], note: 'first tab' });
  await ada.submits('Save');
  await assertGood(ada.page, 'edit-refused');
  const first = ada.page;
  ada.page = await ada.context.newPage();
  await ada.editsToken('Build', { packages: ['Contoso.*'] });
  await ada.page.close();
  ada.page = first;
  await ada.submits('Save');
  assert.match(await ada.says(), /changed while you were editing/);
  await assertGood(ada.page, 'edit-stale');

  // Of every kind of refusal one, with all that can be said beside it.
  const tries = (key, path) => fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${key}`, 'user-agent': 'NuGet Command Line/6.8.0 (Unix 5.10)' } });
  const narrow = { account: 'ada', packages: ['Contoso.*'], days: '30d' };
  const reads = await server.token({ ...narrow, name: 'Reads', allow: ['nuget:pull'] });
  const writes = await server.token({ ...narrow, name: 'Writes', allow: ['nuget:push'] });
  await server.publishes('ada', ['Fabrikam.Core', `Contoso.${'WithAVeryLongName'.repeat(5)}`]); // what the feed has not, no key is refused
  for (const path of ['/v3/flat/fabrikam.core/index.json', '/v3/flat/fabrikam.core/index.json', '/feeds/nowhere/nuget/v3/query']) await tries(reads, path);
  await tries(writes, '/v3/query');
  await ada.goes('/settings/refusals');
  assert.match(await ada.says(), /Package not covered[^]*Add pattern/);
  await assertGood(ada.page, 'refusals');

  // Time passes for two tokens and for the last proof of the password.
  const days = 86_400_000;
  const unit = Number(await server.sql("SELECT expires_at - issued_at FROM tokens WHERE name = 'Build'")) / (90 * days);
  const ages = (name, passed) => server.sql(`UPDATE tokens SET issued_at = issued_at - ${passed * days * unit}, expires_at = expires_at - ${passed * days * unit} WHERE name = '${name}'`);
  await ages('Ending', 25);
  await ages('Ended', 31);
  await server.forgetsProofs();
  await ada.goes('/settings/tokens');
  assert.match(await ada.says(), /1 expired[^]*1 expires soon/);
  await assertGood(ada.page, 'list');

  await server.account('christopher.montgomery-fitzgerald-of-x', PASSWORD);
  await ada.goes('/operator/tokens/find');
  await ada.fills({ key: 'not a key' });
  await ada.submits('Find');
  await assertGood(ada.page, 'operator-find-refused');
  await ada.goes('/operator/events?account=nobody&from=soon');
  await assertGood(ada.page, 'operator-events-refused');
  await ada.goes('/operator/accounts?q=nobody');
  await assertGood(ada.page, 'operator-accounts-none');

  await pushes(server, await server.token({ account: 'ada', allow: ['nuget:push'], packages: ['*'] }), nupkg('Contoso.Core', '1.0.0'));
  await ada.opensToken('Build');
  const token = new URL(ada.page.url()).pathname;
  const pages = await walks(ada, ['/', '/settings/tokens', '/settings/tokens/new', '/sign-in', '/sign-up', token, `${token}/edit`, `${token}/refresh`, '/no-such-page'], false);
  t.diagnostic(`looked at ${[...pages].join(' ')}`);

  const stranger = await arrives();
  await walks(stranger, ['/', '/sign-in', '/sign-up', '/settings/tokens', '/setup', '/forgot', '/reset', '/no-such-page'], true);
  await stranger.goes('/sign-in');
  await stranger.fills({ username: 'ada', password: 'not her password' });
  await stranger.leavesJudgingToServer();
  await stranger.submits('Sign in');
  await assertGood(stranger.page, 'sign-in-refused');
}));
