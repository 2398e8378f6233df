// On a host without https, browsers close the clipboard to pages. What is copied there is what works all the same.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import { journey, PASSWORD, SECRET } from './world.mjs';

const freePort = () => new Promise(resolve => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
/** A name that is not this machine's own, as far as the browser knows. */
const args = ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP portal.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];

test('copied lines of clients hold the key on a host without https', async t => {
  const port = await freePort();
  const settings = {
    LATCHKEY_LISTEN: `127.0.0.1:${port}`, LATCHKEY_PUBLIC_URL: `http://portal.example:${port}`, LATCHKEY_INSECURE_HTTP: 'true',
  };
  await journey(t, { settings }, async ({ server, arrives }) => {
    await server.account('ada', PASSWORD);
    const ada = await arrives({ args });
    await ada.signsIn('ada', PASSWORD);
    assert.equal(await ada.page.evaluate(() => typeof navigator.clipboard), 'undefined', 'the clipboard is closed to pages');
    await ada.createsToken({ name: 'Build', permissions: ['nuget:push', 'nuget:pull'], packages: ['Contoso.*'], expiry: '30' });

    const pastes = async () => {
      const tab = await ada.context.newPage();
      await tab.goto(`${server.url}/guide`);
      await tab.evaluate(() => document.body.replaceChildren(document.createElement('textarea')));
      await tab.locator('textarea').focus();
      await tab.keyboard.press('Control+V');
      const text = await tab.locator('textarea').inputValue();
      await tab.close();
      return text;
    };
    await ada.page.getByRole('button', { name: 'Copy key', exact: true }).click();
    const secret = await pastes();
    assert.match(secret, new RegExp(`^${SECRET.source}$`));
    assert.equal(await ada.page.locator('#said').innerText(), 'Copied');
    await ada.page.getByLabel('NuGet.exe', { exact: true }).check();
    await ada.page.getByRole('button', { name: 'Copy the NuGet.exe upload command' }).click();
    assert.equal(await pastes(), `nuget push Contoso.Core.1.0.0.nupkg -Source ${server.url}/v3/index.json -ApiKey ${secret}`);
    assert.doesNotMatch(await ada.says(), SECRET, 'the key itself stays masked');
    await ada.page.getByLabel('dotnet', { exact: true }).check();
    await ada.page.getByRole('button', { name: 'Copy the dotnet upload command' }).click();
    assert.equal(await pastes(), `dotnet nuget push Contoso.Core.1.0.0.nupkg --source ${server.url}/v3/index.json --api-key ${secret} --allow-insecure-connections`);
    // What Chromium says of our headers wherever a page comes by plain http.
    ada.complaints = ada.complaints.filter(text => !/Cross-Origin-Opener-Policy header has been ignored/.test(text));
  });
});
