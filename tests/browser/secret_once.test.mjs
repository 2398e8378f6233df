// A secret is shown in one answer and can be found nowhere afterwards: not in the browser, not on the server.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { journey, onBoth, SECRET } from './world.mjs';

/** Everything a page could have put away in this browser, as one text. */
async function stored(page) {
  const inPage = await page.evaluate(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, history.state, await indexedDB.databases(), await caches.keys(), window.name, location.href,
  ]));
  return inPage + JSON.stringify(await page.context().cookies());
}

/** Files of a folder that hold the text, plain or in base64. */
function holding(folder, secret) {
  const forms = [secret, secret.slice(3, 43), Buffer.from(secret, 'utf16le'), Buffer.from(secret).toString('base64').slice(0, 60)];
  return readdirSync(folder, { recursive: true }).map(name => path.join(folder, name))
    .filter(name => statSync(name, { throwIfNoEntry: false })?.isFile())
    .filter(name => { const bytes = readFileSync(name); return forms.some(form => bytes.includes(form)); });
}

onBoth(test, 'the secret is nowhere once its page is left', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'once', note: 'shown once', permissions: ['nuget:push'], packages: ['Contoso.*'], expiry: '30' });
  const { page } = ada;
  assert.doesNotMatch(await ada.says(), /lk_[0-9A-Za-z]{46}/, 'it is masked until asked for');
  const secret = await ada.copiesSecret();
  const core = secret.slice(3, 43);
  const showsNothing = async (where, tab = page) => assert.ok(!(await tab.locator('html').innerHTML()).includes(core), `the secret is still there: ${where}`);
  const address = page.url();

  assert.ok(!address.includes(core));
  assert.ok(!(await stored(page)).includes(core), 'nothing was put away in the browser');
  await ada.follows(() => page.getByRole('link', { name: 'Done' }).click());
  await showsNothing('the list right after it');
  await page.goBack().catch(() => {}); // the browser may rather ask before it sends the form again
  await showsNothing('one step back to the answer itself');
  await page.reload();
  await showsNothing('after a reload');
  await page.goBack();
  await showsNothing('one step back');
  await page.goForward().catch(() => {}); // the browser may rather ask before it sends a form again
  await showsNothing('one step forward');
  const second = await ada.context.newPage();
  await second.goto(address);
  await showsNothing('the same address in a second tab', second);
  await second.close();
  await ada.opensToken('once');
  await showsNothing('the page of the token');
  for (const linked of ['/settings/tokens', '/settings/tokens/new', '/']) {
    await ada.goes(linked);
    await showsNothing(linked);
  }
  assert.ok(!(await stored(page)).includes(core));
  const refreshed = await ada.refreshesToken('once');
  await ada.goes('/settings/tokens');

  // Used well and used in vain, so that logs and events have something to say about it.
  assert.equal((await server.can(refreshed, 'nuget:push', 'Contoso.Core')).allowed, true);
  assert.equal((await server.can(refreshed, 'nuget:push', 'Fabrikam.Core')).allowed, false);
  assert.equal((await server.can(secret, 'nuget:push', 'Contoso.Core')).status, 401);
  const basic = Buffer.from(`ada:${refreshed}`).toString('base64');
  await fetch(`${server.url}/v3/query?q=`, { headers: { authorization: `Basic ${basic}` } });
  await fetch(`${server.url}/v3/query?q=`, { headers: { 'x-nuget-apikey': `${refreshed}x` } });

  await ada.closes();
  for (const kept of [secret, refreshed]) assert.deepEqual(holding(ada.profile, kept), [], "the browser's own files hold no secret");

  const lookEverywhere = async moment => {
    for (const [name, bytes] of [...await server.kept(), ['log', Buffer.from(server.log)]]) {
      for (const text of [core, refreshed.slice(3, 43), basic]) assert.ok(!bytes.includes(text), `${name} holds a secret ${moment}`);
    }
  };
  assert.ok(server.log.length > 0, 'the log was on');
  await lookEverywhere('while the server runs');
  await server.stop();
  await lookEverywhere('after it stopped');
});

onBoth(test, 'the answer with the secret may be kept by nobody', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const answers = [];
  ada.page.on('response', async response => {
    if (response.request().isNavigationRequest()) answers.push(response);
  });
  await ada.createsToken({ name: 'once', permissions: ['nuget:push'], packages: ['Contoso.*'], expiry: '30' });
  const answer = answers.at(-1);
  assert.equal(answer.request().method(), 'POST', 'it is the answer to the form itself');
  assert.match(answer.headers()['cache-control'], /no-store/);
});

test('a page that the browser puts away forgets the secret first', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'once', permissions: ['nuget:push'], packages: ['Contoso.*'], expiry: '30' });
  const secret = await ada.copiesSecret();
  await ada.page.getByText('Show the key').click();
  assert.match(await ada.says(), SECRET);
  await ada.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  assert.ok(!(await ada.page.content()).includes(secret), 'a page kept for going back shows no key');
  await ada.page.getByLabel('NuGet.exe', { exact: true }).check();
  await ada.page.getByRole('button', { name: 'Copy the NuGet.exe upload command' }).click();
  assert.match(await ada.reads(secret), /-ApiKey YOUR_KEY$/, 'and copies none');
}));
