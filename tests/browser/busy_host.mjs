// A host on which every list has rows, and names are as long as they may be: what pages are held against and looked at with.
// Needs PostgreSQL, where time can pass and mails can fail by a statement.
import { publishes } from './npm_package.mjs';
import { nupkg, pushes } from './nupkg.mjs';
import { PASSWORD } from './world.mjs';

/** Containers are served, and anybody may ask for an account. */
export const SETTINGS = { LATCHKEY_SIGN_UP: 'open', LATCHKEY_REGISTRY_SERVICES: 'registry.a-rather-long-name.example.com', LATCHKEY_REGISTRY_SECRET: 'what the registry shows' };

export const LONG = {
  person: 'christopher.montgomery-fitzgerald-of-xyz', // 40 characters, the most
  address: `${'build-alerts-for-the-whole-asia-pacific-region-'.slice(0, 44)}@${'subsidiary.'.repeat(8)}contoso.example`,
  feed: 'contoso-asia-pacific.release-candidates', // 39 of 40
  nuget: `Contoso.${'Extraordinarily.'.repeat(6)}`.slice(0, 99) + 'X',
  npm: `@${'extraordinarily-'.repeat(6)}team/${'user-interface-'.repeat(6)}kit`,
  version: '10.20.30-prerelease.with.a.rather.long.label.of.the.nightly',
  token: 'Asia-Pacific continuous integration server, Kuala Lumpur (publishes on Fridays)',
  unbroken: 'W'.repeat(128),
  note: `Kept in ${'the-vault/of-the-release-team/'.repeat(6)}`,
  client: `NuGet Command Line/6.8.0 (Unix 5.10; ${'x'.repeat(120)})`,
};
const REPOSITORY = `${LONG.feed}/${'platform/'.repeat(8)}${'web-front-end-'.repeat(4)}of-contoso`;
const TAG = `${'nightly-of-the-release-branch.'.repeat(4)}x`;
const DAY = 86_400;

/** Asks something of a feed with a key, as a client with a long name. */
const asks = (server, key, path) => fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${key}`, 'user-agent': LONG.client } });

/** Presses the button of a confirm page. */
async function confirms(person, path, fields = {}) {
  await person.goes(path);
  await person.fills(fields);
  await person.follows(() => person.page.locator('main form.card button[type=submit]').last().click());
}

async function withPeople(server, ada) {
  for (const name of ['bo', LONG.person]) await server.account(name, PASSWORD);
  await server.sql(`UPDATE accounts SET email = '${LONG.address}' WHERE username = '${LONG.person}'`);
  await confirms(ada, '/operator/feeds/new', { name: LONG.feed, owner: 'ada' });
  await confirms(ada, '/operator/accounts/new', { username: `${LONG.person.slice(0, 38)}-2`, email: `${'invited-'.repeat(6)}x@example.com` });
  const feed = `/feeds/${LONG.feed}`;
  const joins = async (username, role) => {
    await ada.goes(`${feed}/members`);
    await ada.fills({ username });
    await ada.page.locator(`[name=role][value=${role}]`).check();
    await ada.submits('Add member');
  };
  await joins(LONG.person, 'writer');
  await joins('bo', 'owner'); // an invitation
  const ids = async username => (await server.sql(`SELECT id FROM accounts WHERE username = '${username}'`)).trim();
  await server.sql(`INSERT INTO owner_invitations (id, feed, account, inviter, created_at, expires_at)
    SELECT '0190a000-0000-7000-8000-000000000001', f.id, a.id, b.id, i.created_at, i.expires_at FROM feeds f, accounts a, accounts b, owner_invitations i
    WHERE f.name = 'main' AND a.username = 'ada' AND b.username = '${LONG.person}' LIMIT 1`);
  return { ada: await ids('ada'), bo: await ids('bo'), person: await ids(LONG.person), invited: await ids(`${LONG.person.slice(0, 38)}-2`) };
}

/** Tokens in every state. */
async function withTokens(server, ada) {
  const id = async name => (await server.sql(`SELECT id FROM tokens WHERE name = '${name}'`)).trim();
  const add = (name, life, allow, packages) => server.must(['token', 'add', '--account', 'ada', '--name', name, '--allow', allow.join(','), '--packages', packages.join(','),
    '--expires-in', life, '--note', LONG.note]);
  const all = ['nuget:pull', 'nuget:push', 'nuget:delete', 'npm:pull', 'npm:push'];
  const secret = await add(LONG.token, '90d', all, ['*']);
  const narrow = await add(LONG.unbroken, '9d', ['nuget:pull', 'npm:pull', 'container:pull'], [`${LONG.nuget.slice(0, 80)}*`, `${LONG.npm.slice(0, 100)}*`, 'Contoso.*', 'Fabrikam.*']);
  for (const name of ['Off', 'Gone', 'Ended', 'Ended long ago']) await add(name, '30d', ['nuget:push'], ['Contoso.*']);
  await server.sql(`INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, lifetime, expires_at, version)
    SELECT '0190a000-0000-7000-8000-' || lpad(i::text, 12, '0'), account, kind, 'Job ' || i, 'job ' || i, '', permissions, 'Contoso.*', feeds, 'lk_' || substr(md5(i::text), 1, 4),
      created_at - i * 7200, created_at - i * 7200, lifetime, created_at + (20 + i * 7) * ${DAY}, 1 FROM tokens t, generate_series(1, 30) i WHERE t.name = 'Off'`);
  const [token, limited, off, gone] = [await id(LONG.token), await id(LONG.unbroken), await id('Off'), await id('Gone')];
  await confirms(ada, `/settings/tokens/${off}/deactivate`);
  await confirms(ada, `/settings/tokens/${gone}/revoke`);
  await server.sql(`UPDATE tokens SET issued_at = issued_at - ${31 * DAY}, expires_at = expires_at - ${31 * DAY} WHERE name = 'Ended'`);
  await server.sql(`UPDATE tokens SET issued_at = issued_at - ${80 * DAY}, expires_at = expires_at - ${80 * DAY} WHERE name = 'Ended long ago'`);
  return { secret, narrow, token, limited, off, gone };
}

async function withPackages(server, { secret, narrow }) {
  const about = `<description>${'What it does, at length. '.repeat(20)}</description><tags>${'observability '.repeat(20)}</tags><projectUrl>https://example.com/${'p'.repeat(120)}</projectUrl>
    <dependencies><dependency id="${LONG.nuget.slice(0, 90)}" version="1.0.0" /></dependencies>`;
  for (const version of ['1.0.0', '1.1.0', LONG.version]) await pushes(server, secret, nupkg(LONG.nuget, version, about), { feed: LONG.feed });
  for (const version of ['1.0.0', LONG.version]) {
    await publishes(server, secret, LONG.npm, version, { homepage: `https://example.com/${'p'.repeat(120)}`, keywords: ['observability', 'x'.repeat(100)], dependencies: { [`${LONG.npm}-core`]: '^1.0.0' } }, LONG.feed);
  }
  await pushes(server, secret, nupkg('Contoso.Core', '1.0.0'));
  await pushes(server, secret, nupkg('Litware.Core', '1.0.0'));
  await server.sql(`INSERT INTO container_images (feed, repository, tag, digest, size, pushed_at, pushed_by, pushed_with, pulled_at, pulled_by, pulled_with, pulls)
    SELECT f.id, '${REPOSITORY}', n.tag, 'sha256:' || repeat('0123456789abcdef', 4), 123456789, t.created_at, '${LONG.person}', t.id, t.created_at, 'ada', t.id, 12345
    FROM feeds f, tokens t, (VALUES ('latest'), ('1.0'), ('${TAG}')) n (tag) WHERE f.name = '${LONG.feed}' AND t.name = '${LONG.token}'`);
  for (const path of ['/v3/flat/contoso.core/index.json', '/v3/flat/litware.core/index.json', '/feeds/nowhere/nuget/v3/query']) await asks(server, narrow, path);
  await asks(server, narrow, `/feeds/${LONG.feed}/nuget/v3/flat/${LONG.nuget.toLowerCase()}/index.json`);
}

/** A mail that a server rejected, and one that waits. */
async function withMails(server) {
  const [failed, waiting] = [1, 2].map(number => `0190a000-0000-7000-8000-00000000010${number}`);
  const reply = `recipient: 550 5.1.1 ${'The mailbox is not here, and nobody knows where it went. '.repeat(4)}`;
  await server.sql(`INSERT INTO mails (id, account, recipient, state, message_id, attempt, next_at, lease_until, fence, reply, created_at)
    SELECT v.id, a.id, v.recipient, v.state, v.id, 3, a.created_at + ${7 * DAY}, 0, 3, v.reply, a.created_at FROM accounts a, (VALUES ('${failed}', '${LONG.address}', 'failed', '${reply}'),
      ('${waiting}', 'bo@example.com', 'pending', 'recipient: 451 4.3.0 try later')) v (id, recipient, state, reply) WHERE a.username = '${LONG.person}'`);
  await server.sql(`UPDATE notices SET mail = '${failed}' WHERE id IN (SELECT id FROM notices WHERE mail IS NULL ORDER BY id LIMIT 1)`);
  return failed;
}

/**
 * Fills a host for `ada`, who has just signed up there. Answers an address of every page by its pattern in `src/routes.rs`.
 * `token` and the like in it have long names.
 */
export async function fills(server, ada) {
  const people = await withPeople(server, ada);
  const tokens = await withTokens(server, ada);
  await withPackages(server, tokens);
  await server.sql(`INSERT INTO owner_invitations (id, feed, package, account, inviter, created_at, expires_at)
    SELECT '0190a000-0000-7000-8000-000000000002', p.feed, p.id, b.id, a.id, i.created_at, i.expires_at FROM packages p, accounts a, accounts b, owner_invitations i
    WHERE p.name = '${LONG.nuget}' AND a.username = 'ada' AND b.username = '${LONG.person}' LIMIT 1`);
  const mail = await withMails(server);
  const login = await (await fetch(`${server.url}/feeds/${LONG.feed}/npm/-/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"hostname":"ci"}' })).json();
  await confirms(ada, `/feeds/${LONG.feed}/packages/nuget/${LONG.nuget}/-/1.1.0/unlist`);
  await ada.goes('/settings/tokens'); // what was refused is written
  return addresses({ people, tokens, mail, login: new URL(login.loginUrl).pathname });
}

function addresses({ people, tokens, mail, login }) {
  const token = page => `/settings/tokens/${tokens.token}${page}`;
  const feed = `/feeds/${LONG.feed}`;
  const [nuget, npm] = [`${feed}/packages/nuget/${LONG.nuget}`, `${feed}/packages/npm/${LONG.npm}`];
  const repository = `${feed}/packages/container/${REPOSITORY.slice(LONG.feed.length + 1)}`;
  const account = page => `/operator/accounts/${people.person}${page}`;
  const scoped = '{id:@[^/%]+/[^/]+|[^/]+}';
  const same = ['/guide', '/api/docs', '/forgot', '/sign-up', '/settings/password', '/settings/refusals', '/settings/profile', '/settings/security-log', '/settings/sessions', '/settings/invitations',
    '/settings/notifications', '/settings/calendar', '/settings/tokens', '/settings/tokens/new', '/settings/tokens/freeze', '/settings/tokens/unfreeze', '/packages', '/feeds', '/operator',
    '/operator/accounts', '/operator/accounts/new', '/operator/accounts/import', '/operator/accounts/invitations', '/operator/tokens', '/operator/tokens/find', '/operator/events', '/operator/feeds',
    '/operator/jobs', '/operator/mail', '/operator/feeds/new'].map(path => [path, [path]]);
  return new Map([
    ...same,
    ['/settings/npm-login/{feed}/{code}', [login]],
    ['/settings/tokens/selected', [`/settings/tokens/selected?step=revoke&token=${tokens.token}&token=${tokens.limited}&token=${tokens.gone}`]],
    ['/settings/tokens/{id}', [token(''), `/settings/tokens/${tokens.limited}`, `/settings/tokens/${tokens.off}`, `/settings/tokens/${tokens.gone}`]],
    ['/settings/tokens/{id}/add', [`/settings/tokens/${tokens.limited}/add?pattern=Litware.Core`]],
    ...['narrow', 'symbols', 'record', 'clients', 'versions', 'duplicate', 'edit', 'refresh', 'deactivate', 'revoke'].map(page => [`/settings/tokens/{id}/${page}`, [token(`/${page}`)]]),
    ['/settings/tokens/{id}/reactivate', [`/settings/tokens/${tokens.off}/reactivate`]],
    ['/settings/tokens/{id}/delete', [`/settings/tokens/${tokens.gone}/delete`]],
    ['/feeds/{feed}', [feed, '/feeds/main', `${feed}?q=nothing+like+this`]],
    ['/feeds/{feed}/access', [`${feed}/access`]],
    ['/feeds/{feed}/members', [`${feed}/members`]],
    ['/feeds/{feed}/members/{account}', [`${feed}/members/${people.person}`]],
    ['/feeds/{feed}/packages/{kind:nuget}/{id}', [nuget]],
    [`/feeds/{feed}/packages/{kind:npm}/${scoped}`, [npm]],
    ['/feeds/{feed}/packages/{kind:container}/{name:.+}', [repository]],
    ['/feeds/{feed}/packages/{kind:container}/{name:.+}/-/{tag}', [`${repository}/-/${TAG}`]],
    ['/feeds/{feed}/packages/{kind:container}/{name:.+}/-/{tag}/remove', [`${repository}/-/${TAG}/remove`]],
    [`/feeds/{feed}/packages/{kind:nuget|npm}/${scoped}/-/owners`, [`${nuget}/-/owners`, `${npm}/-/owners`]],
    [`/feeds/{feed}/packages/{kind:nuget|npm}/${scoped}/-/deprecation`, [`${nuget}/-/deprecation`, `${npm}/-/deprecation`]],
    [`/feeds/{feed}/packages/{kind:nuget|npm}/${scoped}/-/owners/{account}`, [`${nuget}/-/owners/${people.ada}`]],
    ['/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}', [`${nuget}/-/${LONG.version}`]],
    [`/feeds/{feed}/packages/{kind:npm}/${scoped}/-/{version}`, [`${npm}/-/${LONG.version}`]],
    ['/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/unlist', [`${nuget}/-/${LONG.version}/unlist`]],
    ['/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/relist', [`${nuget}/-/1.1.0/relist`]],
    [`/feeds/{feed}/packages/{kind:nuget|npm}/${scoped}/-/{version}/remove`, [`${nuget}/-/${LONG.version}/remove`, `${npm}/-/${LONG.version}/remove`]],
    ['/operator/accounts/invitations/{id}/{verb:resend|withdraw}', ['resend', 'withdraw'].map(verb => `/operator/accounts/invitations/${people.invited}/${verb}`)],
    ['/operator/accounts/{id}', [account(''), `/operator/accounts/${people.bo}`]],
    ['/operator/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}', ['disable', 'make-operator'].map(verb => account(`/${verb}`))],
    ['/operator/accounts/{id}/delete', [account('/delete')]],
    ['/operator/accounts/{id}/password', [account('/password')]],
    ['/operator/tokens/selected', [`/operator/tokens/selected?step=revoke&token=${tokens.token}&token=${tokens.limited}`]],
    ...['', '/revoke', '/deactivate'].map(page => [`/operator/tokens/{id}${page}`, [`/operator/tokens/${tokens.token}${page}`]]),
    ['/operator/mail/{id}/{verb:retry|drop}', ['retry', 'drop'].map(verb => `/operator/mail/${mail}/${verb}`)],
    ['/operator/feeds/{feed}/delete', [`/operator/feeds/${LONG.feed}/delete`]],
  ]);
}
