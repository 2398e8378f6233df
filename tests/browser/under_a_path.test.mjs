// Behind a public address with a path, everything a person meets stays below that path.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { journey, PASSWORD } from './world.mjs';

const freePort = () => new Promise(resolve => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

test('under a path the whole life of a token stays below it', async t => {
  const port = await freePort();
  const root = `http://127.0.0.1:${port}/keys`;
  const settings = { LATCHKEY_LISTEN: `127.0.0.1:${port}`, LATCHKEY_PUBLIC_URL: root, LATCHKEY_SIGN_UP: 'open' };
  await journey(t, { settings }, async ({ server, arrives }) => {
    assert.equal(server.url, root);
    const ada = await arrives();
    const left = [];
    const seen = new Set();
    ada.page.on('request', request => { if (!request.url().startsWith(`${root}/`)) left.push(request.url()); });
    const looks = async () => {
      seen.add(ada.page.url());
      const addresses = await ada.page.locator('[href], [src], [action]').evaluateAll(all => all.flatMap(e => [e.href, e.src, e.action]).filter(address => typeof address === 'string'));
      left.push(...addresses.filter(address => !address.startsWith(`${root}/`)));
    };

    await ada.goes('/');
    await looks();
    await ada.goes('/guide');
    await looks();
    assert.match(await ada.says(), new RegExp(`${root}/v3/index\\.json`), 'the guide names the public address');
    await ada.goes('/settings/tokens'); // not signed in: led to sign in, and from there back
    assert.equal(new URL(ada.page.url()).pathname, '/keys/sign-in');
    await looks();
    await ada.goes('/sign-up');
    await looks();
    await ada.signsUpByLink(await server.setupLink(), 'ada');
    await looks();
    await ada.createsToken({ name: 'Build', permissions: ['nuget:push'], packages: ['Contoso.*'], expiry: '30' });
    await looks();
    const secret = await ada.copiesSecret();
    assert.match(await ada.says(), new RegExp(`${root}/v3/index\\.json`), 'the lines for clients name the public address');
    assert.equal((await server.can(secret, 'nuget:push', 'Contoso.Core')).allowed, true);
    await ada.editsToken('Build', { packages: ['Fabrikam.*'] });
    await looks();
    assert.equal((await server.can(secret, 'nuget:push', 'Contoso.Core')).allowed, false);
    for (const verb of ['Refresh', 'Deactivate', 'Reactivate', 'Revoke', 'Delete']) {
      await ada.does(verb, 'Build');
      await looks();
    }
    await ada.page.locator('.me').click();
    await ada.follows(() => ada.page.getByRole('button', { name: 'Sign out' }).click());
    await looks();
    await ada.signsIn('ada', PASSWORD);
    await looks();
    assert.equal(await ada.goes('/no-such-page'), 404);
    await looks();
    assert.deepEqual([...new Set(left)], [], 'nothing leads out of the path');
    assert.equal(seen.size, 8, [...seen].join(' ')); // what was done is told without an address of its own
  });
});
