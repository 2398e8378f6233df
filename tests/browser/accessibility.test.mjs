// Every page that can be reached by a link, and the answers to a wrong form, hold against axe-core, wide and light as well as narrow and dark.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertAccessible, journey, shoot } from './world.mjs';

const LOOKS = [{ width: 1280, colorScheme: 'light' }, { width: 360, colorScheme: 'dark' }];

/** Checks the page that is open, in every look; `name` is for its screenshots. */
async function assertGood(page, name) {
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${page.url()} is ${wide} px wide in a window of ${width}`);
    await assertAccessible(page);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await shoot(page, name);
}

/** The kind of page behind a path: ids and names are left out. */
function kind(path) {
  return path.replace(/[0-9a-f]{8}-[0-9a-f-]{27,}|[0-9a-f]{24,}/g, 'ID').replace(/\/+$/, '') || '/';
}

/** Opens every page that links lead to, one of each kind, and checks it. */
async function walks(person, from) {
  const seen = new Set();
  const queue = [...from];
  while (queue.length > 0) {
    const path = queue.shift();
    if (seen.has(kind(path))) continue;
    seen.add(kind(path));
    const status = await person.goes(path);
    assert.ok(status < 400 || from.includes(path), `${path} is linked and answers ${status}`);
    await assertGood(person.page, `page${kind(path).replaceAll('/', '-').replace(/-$/, '-home')}`);
    const links = await person.page.locator('a[href]').evaluateAll(all => all.map(a => new URL(a.href)).filter(url => url.origin === location.origin).map(url => url.pathname));
    queue.push(...links.filter(link => !/^\/(static|v3|api|feeds\/[^/]+\/nuget)\//.test(link)));
  }
  return seen;
}

test('every page is accessible', t => journey(t, { settings: { LATCHKEY_SIGN_UP: 'open' } }, async ({ server, arrives }) => {
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

  await ada.createsToken({ name: '', permissions: [], packages: [''], expiry: '30' });
  await assertGood(ada.page, 'new-refused');
  for (const [name, expiry] of [['Build', '90'], ['Laptop', 'never'], ['Paused', '30'], ['Gone', '365']]) {
    await ada.createsToken({ name, permissions: ['nuget:pull', 'nuget:push'], packages: ['Contoso.*', 'Fabrikam.Core'], expiry });
  }
  await assertGood(ada.page, 'created');
  await ada.does('Deactivate', 'Paused');
  await assertGood(ada.page, 'deactivated');
  await ada.does('Revoke', 'Gone');
  await assertGood(ada.page, 'revoked');

  await ada.opensToken('Build');
  const token = new URL(ada.page.url()).pathname;
  const pages = await walks(ada, ['/', '/settings/tokens', '/settings/tokens/new', '/sign-in', '/sign-up', token, `${token}/edit`, `${token}/refresh`, '/no-such-page']);
  t.diagnostic(`looked at ${[...pages].join(' ')}`);

  const stranger = await arrives();
  await walks(stranger, ['/', '/sign-in', '/sign-up', '/settings/tokens', '/setup', '/no-such-page']);
}));
