// The whole life of a token by mouse: made, copied, used, edited, refreshed, switched off and on, revoked, deleted.
import assert from 'node:assert/strict';
import test from 'node:test';
import { journey, onBoth, PASSWORD, SECRET, shoot } from './world.mjs';

const PUSH = ['nuget:push', 'nuget:pull'];

onBoth(test, 'a token made in the browser opens the door until it is revoked', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');

  await ada.createsToken({ name: 'Contoso build', note: 'on the build machine', permissions: PUSH, packages: ['Contoso.*'], expiry: '90' });
  await shoot(ada.page, 'created');
  const first = await ada.copiesSecret();
  assert.equal((await server.can(first, 'nuget:push', 'Contoso.Core')).allowed, true);
  const refused = await server.can(first, 'nuget:push', 'Fabrikam.Core');
  assert.equal(refused.allowed, false);
  assert.match(refused.message, /Contoso\.\*.*Fabrikam\.Core/, 'the refusal names the patterns and the package');
  assert.equal((await server.can(first, 'nuget:delete', 'Contoso.Core')).allowed, false);

  await ada.editsToken('Contoso build', { packages: ['Contoso.*', 'Fabrikam.*'] });
  assert.equal((await server.can(first, 'nuget:push', 'Fabrikam.Core')).allowed, true, 'an added pattern counts at once');

  const second = await ada.refreshesToken('Contoso build');
  assert.notEqual(second, first);
  const replaced = await server.can(first, 'nuget:push', 'Contoso.Core');
  assert.equal(replaced.status, 401);
  assert.match(replaced.message, /replaced/i);
  assert.equal((await server.can(second, 'nuget:push', 'Contoso.Core')).allowed, true);

  await ada.does('Deactivate', 'Contoso build');
  assert.equal((await server.can(second, 'nuget:push', 'Contoso.Core')).status, 401);
  assert.match(await (await ada.findsInList('Contoso build')).innerText(), /Deactivated/i);

  await ada.does('Reactivate', 'Contoso build');
  assert.equal((await server.can(second, 'nuget:push', 'Contoso.Core')).allowed, true);

  await ada.opensToken('Contoso build');
  await shoot(ada.page, 'token');
  await ada.does('Revoke', 'Contoso build');
  const revoked = await server.can(second, 'nuget:push', 'Contoso.Core');
  assert.equal(revoked.status, 401);
  assert.match(revoked.message, /revoked/i);
  const entry = await ada.findsInList('Contoso build');
  assert.match(await entry.innerText(), /Revoked/i, 'a revoked token stays listed');
  await shoot(ada.page, 'list');

  await ada.does('Delete', 'Contoso build');
  assert.equal(await (await ada.findsInList('Contoso build')).count(), 0);
});

onBoth(test, 'an edit may take a permission away, never add one', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'narrow', permissions: PUSH, packages: ['*'], expiry: '30' });
  const secret = await ada.copiesSecret();
  await ada.editsToken('narrow', { permissions: ['nuget:pull'] });
  assert.equal((await server.can(secret, 'nuget:push', 'Contoso.Core')).allowed, false);
  await ada.opensEdit('narrow');
  const added = ada.page.locator('main input[name="permission"][value="nuget:push"]:not([type=hidden])');
  assert.ok(await added.count() === 0 || await added.isDisabled(), 'a permission that was given up cannot be ticked again');
});

onBoth(test, 'of two edits of one page the second is told, and keeps what was typed', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'shared', permissions: PUSH, packages: ['Contoso.*'], expiry: '30' });
  await ada.opensEdit('shared');
  await ada.describesToken({ note: 'typed in the first tab', packages: ['Contoso.*', 'Tailspin.*'] });

  const first = ada.page;
  ada.page = await ada.context.newPage();
  await ada.editsToken('shared', { packages: ['Contoso.*', 'Fabrikam.*'] });
  ada.page = first;
  const answer = first.waitForResponse(response => response.request().method() === 'POST');
  await ada.submits('Save');
  assert.equal((await answer).status(), 409);
  assert.equal(await first.locator('main [name="note"]').inputValue(), 'typed in the first tab');
  assert.match(await first.locator('main [name="patterns"]').inputValue(), /Tailspin\.\*/);
  assert.match(await ada.says(), /Fabrikam\.\*/, 'what was saved meanwhile is shown too');
  await shoot(first, 'stale-edit');
});

onBoth(test, 'a create form sent again changes nothing and shows no key', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'only one', permissions: PUSH, packages: ['Contoso.*'], expiry: '30' });
  const secret = await ada.copiesSecret();
  await ada.page.reload(); // the browser sends the form again
  assert.ok(!(await ada.page.content()).includes(secret));
  assert.match(await ada.says(), /already/i);
  assert.equal(await (await ada.findsInList('only one')).count(), 1);
  assert.equal((await server.can(secret, 'nuget:push', 'Contoso.Core')).allowed, true);
});

onBoth(test, 'a create form sent twice at once makes one token and shows one key', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/settings/tokens/new');
  await ada.describesToken({ name: 'in a hurry', permissions: PUSH, packages: ['Contoso.*'], expiry: '30' });
  const answers = await ada.page.locator('main form').evaluate(form => {
    const send = async () => (await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) })).text();
    return Promise.all([send(), send(), send()]);
  });
  assert.equal(answers.filter(answer => SECRET.test(answer)).length, 1);
  assert.equal(answers.filter(answer => answer.includes('Already done')).length, 2);
  assert.equal(await (await ada.findsInList('in a hurry')).count(), 1);
});

onBoth(test, 'a form that is refused keeps everything that was typed', async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'half', note: 'kept', permissions: PUSH, packages: ['Contoso.*', 'Contoso.[ab]'], expiry: '180' });
  const main = ada.page.locator('main');
  assert.equal(await main.locator('[name="name"]').inputValue(), 'half');
  assert.equal(await main.locator('[name="note"]').inputValue(), 'kept');
  assert.match(await main.locator('[name="patterns"]').inputValue(), /Contoso\.\[ab\]/);
  assert.equal(await main.locator('[name="expires"]').inputValue(), '180');
  assert.ok(await main.locator('[name="permission"][value="nuget:push"]').isChecked());
  assert.equal(await (await ada.findsInList('half')).count(), 0);
});

test('a new key, or more packages, wants the password again when the last proof is old', t => journey(t, { engine: 'postgres' }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const main = ada.page.locator('main');
  const asks = () => main.locator('[name="proof_password"]').count();
  await ada.goes('/settings/tokens/new');
  assert.equal(await asks(), 0, 'who has just signed up is not asked');
  await server.forgetsProofs();
  await ada.createsToken({ name: 'careful', permissions: PUSH, packages: ['Contoso.*'], expiry: '30' });
  assert.equal(await asks(), 1);
  assert.match(await ada.says(), /Confirm it is you/);
  await ada.fills({ proof_password: 'not her password at all' });
  await ada.submits('Continue');
  assert.match(await ada.says(), /This is not your password/);
  assert.equal(await main.locator('[name="name"]').inputValue(), 'careful');
  await ada.fills({ proof_password: PASSWORD });
  await ada.submits('Continue');
  await ada.copiesSecret();

  await server.forgetsProofs();
  await ada.editsToken('careful', { permissions: ['nuget:pull'] });
  assert.match(await ada.says(), /Saved/, 'taking rights away needs no proof');
  await ada.editsToken('careful', { packages: ['Contoso.*', 'Fabrikam.*'], note: 'typed before' });
  assert.equal(await asks(), 1);
  assert.equal(await main.locator('[name="note"]').inputValue(), 'typed before');
  await ada.fills({ proof_password: PASSWORD });
  await ada.submits('Continue');
  assert.match(await ada.says(), /Saved/);
}));

onBoth(test, "nobody sees another account's token", async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.createsToken({ name: 'hers', permissions: PUSH, packages: ['*'], expiry: '30' });
  await ada.opensToken('hers');
  const address = new URL(ada.page.url()).pathname;

  await server.account('bo', 'four quiet otters rowing');
  const bo = await arrives();
  await bo.signsIn('bo', 'four quiet otters rowing');
  assert.equal(await bo.goes(address), 404);
  const hers = (await bo.says()).replaceAll(address, '');
  const random = address.replace(/[0-9a-f](?=[^/]*$)/gi, digit => (digit === '1' ? '2' : '1'));
  assert.equal(await bo.goes(random), 404);
  assert.equal((await bo.says()).replaceAll(random, ''), hers, "another's token answers like none at all");
  assert.equal(await (await bo.findsInList('hers')).count(), 0);
});

test('a date that was typed and then given up does not hold the form back', t => journey(t, {}, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  await ada.goes('/settings/tokens/new');
  await ada.describesToken({ name: 'Reader', permissions: ['nuget:pull'], packages: ['Contoso.*'], expiry: 'date', expiresOn: '2020-01-01' });
  await ada.page.selectOption('[name="expires"]', '90');
  await ada.submits('Create token'); // the browser itself judges this form
  await ada.copiesSecret();
}));
