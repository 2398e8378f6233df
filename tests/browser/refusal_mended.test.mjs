// What a key was refused, seen seconds later and mended with one press; who still comes with an old key, or with one that is switched off.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { REAL_PACKAGES } from '../clients/nuget.mjs';
import { assertAccessible, onBoth, shoot } from './world.mjs';

const PUSH = ['nuget:push', 'nuget:pull'];
const [PACKAGE] = REAL_PACKAGES;

/** Pushes a real package as a client named after the machine it runs on; answers the status. */
async function pushes(server, key, client = 'NuGet Command Line/6.8.0 (Unix 5.10)') {
  const headers = { 'x-nuget-apikey': key, 'content-type': 'application/octet-stream', 'user-agent': client };
  const response = await fetch(`${server.url}/v3/package`, { method: 'PUT', headers, body: readFileSync(PACKAGE.file) });
  return response.status;
}

onBoth(test, 'a refused push is mended with one press and succeeds', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/settings/refusals');
  assert.match(await ada.says(), /Nothing was refused/);
  await ada.createsToken({ name: 'Contoso build', permissions: PUSH, packages: ['Contoso.*'], expiry: '90' });
  const key = await ada.copiesSecret();

  assert.equal(await pushes(server, key), 403);
  assert.equal(await pushes(server, key), 403);
  await ada.goes('/settings/refusals');
  assert.match(await ada.says(), new RegExp(`Package not covered[^]*Upload ${PACKAGE.id} to main`));
  assert.match(await ada.says(), /NuGet Command Line 6\.8\.0[^]*127\.0\.0\.1[^]*just now[^]*2 times/);
  await assertAccessible(ada.page);
  await shoot(ada.page, 'refusals');
  await ada.follows(() => ada.page.getByRole('link', { name: /^Add pattern/ }).click());
  assert.match(await ada.says(), new RegExp(`Can then[^]*${PACKAGE.id}`));
  assert.equal(await pushes(server, key), 403, 'nothing is saved by following the link');
  await assertAccessible(ada.page);
  await shoot(ada.page, 'add-pattern');
  await ada.submits('Add pattern');
  assert.equal(await pushes(server, key), 201);
  await ada.goes('/settings/refusals');
  assert.match(await ada.says(), /3 times[^]*Fixed[^]*Now covered/);

  await ada.opensToken('Contoso build');
  assert.match(await ada.says(), /Refusals[^]*Fixed/);
  await shoot(ada.page, 'token-mended');
});

onBoth(test, 'a token is switched off for a while to see who needs it', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'Forgotten', permissions: PUSH, packages: ['*'], expiry: '90' });
  const key = await ada.copiesSecret();
  await ada.opensToken('Forgotten');
  await ada.follows(() => ada.page.locator('main').locator('#danger').getByRole('link', { name: /^Deactivate/ }).click());
  await shoot(ada.page, 'deactivate');
  await ada.page.getByLabel(/^8 hours/).check();
  await ada.submits('Deactivate');
  assert.match(await ada.says(), /turns back on[^]*in 8 hours[^]*No requests since/);
  assert.equal(await pushes(server, key, 'Jenkins/2.440'), 403);
  assert.equal(await pushes(server, key, 'Jenkins/2.440'), 403);
  await ada.page.reload();
  assert.match(await ada.says(), /2 requests failed meanwhile[^]*Jenkins 2\.440 from 127\.0\.0\.1/);
  await assertAccessible(ada.page);
  await shoot(ada.page, 'switched-off');
  await ada.follows(() => ada.page.locator('#off').getByRole('link', { name: 'Reactivate' }).click());
  await ada.submits('Reactivate');
  assert.equal(await pushes(server, key, 'Jenkins/2.440'), 201);
});

onBoth(test, 'a refresh can be finished because the page says where the old key still lives', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'Nightly', note: 'GitLab, group contoso', permissions: PUSH, packages: ['*'], expiry: '90' });
  const old = await ada.copiesSecret();
  const key = await ada.refreshesToken('Nightly');
  await ada.opensToken('Nightly');
  assert.doesNotMatch(await ada.says(), /old key/i);
  assert.equal(await pushes(server, old), 403);
  assert.equal(await pushes(server, old), 403);
  await ada.page.reload();
  const said = await ada.says();
  assert.match(said, /was used twice since, last just now by NuGet Command Line 6\.8\.0 from 127\.0\.0\.1/);
  assert.ok(said.includes(key.slice(0, 7)) && said.includes('GitLab, group contoso'), said);
  await assertAccessible(ada.page);
  await shoot(ada.page, 'late');
});
