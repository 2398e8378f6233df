// `npm login` as people do it: npm waits at a terminal while somebody lets it in by a browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { journey, onBoth, PASSWORD } from '../browser/world.mjs';
import { Npm } from './npm.mjs';

/** npm in a home of its own, which waits for whoever opens the address that it prints. */
async function logsIn(t, npm, home) {
  const login = npm.starts('npm', ['login', '--auth-type=web', '--browser=false'], { home });
  t.after(() => login.stops());
  for (let tries = 0; tries < 300; tries += 1) {
    const address = /http:\/\/127\.0\.0\.1:\d+\/settings\/npm-login\/\S+/.exec(login.text)?.[0];
    if (address) return { login, address };
    await wait(100);
  }
  throw new Error(`npm printed no address:\n${login.text}`);
}

/** What came of it, as soon as npm has ended. */
async function ends(login) {
  const code = await Promise.race([login.ended, wait(60_000).then(() => 'it still waits')]);
  return { code, text: login.text };
}

const secret = home => /_authToken=(lk_[0-9A-Za-z]+)/.exec(readFileSync(path.join(home, '.npmrc'), 'utf8'))?.[1];

function client(t, server) {
  const npm = new Npm(`${server.url}/feeds/main/npm/`);
  t.after(() => npm.remove());
  return npm;
}

onBoth(test, 'npm is let in by a person, publishes, lists and ends its token', async ({ t, server, arrives }) => {
  await server.account('ada', PASSWORD);
  const [npm, ada] = [client(t, server), await arrives()];
  const home = npm.room('own');
  const { login, address } = await logsIn(t, npm, home);
  // Whoever is not signed in signs in first, and comes back to the question.
  await ada.goes(address);
  assert.match(ada.page.url(), /\/sign-in\?next=/);
  await ada.fills({ username: 'ada', password: PASSWORD });
  await ada.follows(() => ada.page.getByRole('button', { name: 'Sign in' }).click());
  assert.match(await ada.page.locator('main').innerText(), /Let npm in[\s\S]*12 hours/);
  await ada.follows(() => ada.page.getByRole('button', { name: 'Let npm in' }).click());
  assert.match(await ada.page.locator('main').innerText(), /npm is let in/);
  const done = await ends(login);
  assert.equal(done.code, 0, done.text);
  assert.match(done.text, /Logged in on/);
  const key = secret(home);
  const runs = (...args) => npm.runs('npm', args, { home });
  assert.match((await runs('whoami')).stdout, /^ada$/m);
  const published = await npm.publishes('npm', npm.package('ui'), { home });
  assert.equal(published.code, 0, published.text);
  const listed = JSON.parse((await runs('token', 'list', '--json')).stdout);
  assert.equal(listed.length, 1);
  assert.equal(listed[0].token, key.slice(0, 7));
  const hours = (new Date(listed[0].expiry) - Date.now()) / 3_600_000;
  assert.ok(hours > 11.9 && hours <= 12, `${hours}`);
  await ada.goes('/settings/tokens');
  assert.match(await ada.page.locator('main').innerText(), /npm login/);
  // A token is created in a browser, and ended from anywhere.
  const created = await runs('token', 'create', '--name=more');
  assert.notEqual(created.code, 0);
  const other = await runs('token', 'revoke', '00000000-0000-0000-0000-000000000000');
  assert.notEqual(other.code, 0);
  const revoked = await runs('token', 'revoke', listed[0].id);
  assert.equal(revoked.code, 0, revoked.text);
  const after = await runs('whoami');
  assert.notEqual(after.code, 0);
  assert.match(after.text, /was revoked/);
  const kept = (await server.kept()).filter(([, bytes]) => bytes.includes(key));
  assert.deepEqual(kept.map(([name]) => name), [], 'the key is kept nowhere');
  assert.ok(!server.log.includes(key));
});

test('an address lets in once, whoever opens it, and only whoever ran npm gets the key', t => journey(t, {}, async ({ server, arrives }) => {
  await server.account('ada', PASSWORD);
  await server.account('bo', PASSWORD);
  const [npm, ada, bo] = [client(t, server), await arrives(), await arrives()];
  await ada.signsIn('ada');
  await bo.signsIn('bo');
  const home = npm.room('own');
  const { login, address } = await logsIn(t, npm, home);
  const feed = `${server.url}/feeds/main/npm`;
  // The address for the browser is not what the key is fetched with.
  const code = address.split('/').at(-1);
  assert.equal((await fetch(`${feed}/-/v1/done?secret=${code}`)).status, 202);
  await ada.goes(address);
  await bo.goes(address);
  await bo.follows(() => bo.page.getByRole('button', { name: 'Let npm in' }).click());
  await ada.follows(() => ada.page.getByRole('button', { name: 'Let npm in' }).click());
  assert.match(await ada.page.locator('main').innerText(), /let in already/);
  assert.equal((await fetch(`${feed}/-/v1/done?secret=${code}`)).status, 202);
  const done = await ends(login);
  assert.equal(done.code, 0, done.text);
  assert.match((await npm.runs('npm', ['whoami'], { home })).stdout, /^bo$/m, 'the account of whoever said yes first');
  // What npm asked with is worth nothing afterwards, and neither is the address.
  await ada.goes(address);
  await ada.follows(() => ada.page.getByRole('button', { name: 'Let npm in' }).click());
  assert.match(await ada.page.locator('main').innerText(), /let in already/);
  await ada.goes('/settings/tokens');
  assert.doesNotMatch(await ada.page.locator('main').innerText(), /npm login/);
}));
