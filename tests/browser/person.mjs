// A person with a fresh Chromium of their own. Its methods are what people do, found by role, label and field name as people find them.
// Servers are started in server.mjs; checks that need a whole journey live in the journeys.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

const cache = process.env.LATCHKEY_CACHE || path.join(homedir(), '.cache/latchkey');
const require = createRequire(path.join(cache, 'node/from-here.js'));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// No name is ever looked up and nothing is fetched but from this machine.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost'];

export const PASSWORD = 'a lantern for the late ferry';
export const SECRET = /lk_[0-9A-Za-z]{46}/;

/** Matches a control by its verb, whether or not it also names its subject: "Refresh", "Refresh nightly". */
const starting = verb => new RegExp(`^\\s*${verb}\\b`, 'i');

export class Person {
  /** Complaints of the browser: script errors, refused styles, missing files. A journey ends with none. */
  complaints = [];

  /** Opens a browser with an empty profile; `options` go to Chromium's context. */
  static async arrives(server, options = {}) {
    const person = new Person();
    person.server = server;
    person.profile = mkdtempSync(path.join(tmpdir(), 'chromium-'));
    person.context = await chromium.launchPersistentContext(person.profile, {
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args: FLAGS, viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...options,
    });
    person.context.setDefaultTimeout(60_000);
    const { protocol, hostname, origin } = new URL(server.url);
    // Elsewhere on plain http the clipboard is closed, and Chromium refuses to open it.
    if (protocol === 'https:' || hostname === '127.0.0.1') {
      await person.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
    }
    person.context.on('page', page => person.#listen(page));
    person.page = person.context.pages()[0] ?? await person.context.newPage();
    person.#listen(person.page);
    return person;
  }

  /** Does something that leads to another page, and waits until that is there. */
  async follows(act) {
    const loaded = this.page.waitForNavigation({ waitUntil: 'load' });
    loaded.catch(() => {}); // an act that fails reports itself
    await act();
    await loaded;
  }

  /** Does something that leads to another page or opens a dialog, and answers the dialog if there is one. */
  async followsOrIsAsked(act) {
    const dialog = this.page.locator('dialog[open]');
    const loaded = this.page.waitForNavigation({ waitUntil: 'load' }).then(() => null);
    const asked = dialog.waitFor().then(() => dialog);
    for (const end of [loaded, asked]) end.catch(() => {});
    await act();
    return Promise.race([loaded, asked]);
  }

  #listen(page) {
    page.on('pageerror', error => this.complaints.push(`${page.url()}: ${error}`));
    page.on('console', message => {
      const expected = message.text().startsWith('Failed to load resource'); // judged by its status below
      if (message.type() === 'error' && !expected) this.complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on('response', response => {
      if (response.status() >= 400 && !response.request().isNavigationRequest()) this.complaints.push(`${response.status()} ${response.url()}`);
    });
  }

  /** Closes the browser; its profile stays until `leaves`. */
  async closes() {
    await this.context.close();
  }

  async leaves() {
    await this.closes().catch(() => {});
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
    assert.deepEqual(this.complaints, [], 'the browser complained');
  }

  /** Opens a path (or a whole link) and answers the status. */
  async goes(to) {
    const response = await this.page.goto(to.startsWith('http') ? to : this.server.url + to);
    return response?.status();
  }

  /** The form that is submitted by a button of this name; dialogs and side forms are left alone. */
  #form(verb) {
    return this.page.locator('form').filter({ has: this.page.getByRole('button', { name: starting(verb) }) }).last();
  }

  /** Sends the form that holds the given field. */
  async #send(field) {
    const form = this.page.locator('form', { has: this.page.locator(`[name="${field}"]`) });
    await this.follows(() => form.locator('button:not([type=button]), input[type=submit]').last().click());
  }

  async fills(values) {
    for (const [name, value] of Object.entries(values)) await this.page.locator(`main [name="${name}"]`).fill(value);
  }

  async signsUpByLink(link, username, password = PASSWORD) {
    await this.goes(link);
    await this.fills({ username, email: `${username}@example.com`, password });
    await this.#send('password');
    await this.seesNoForm('password');
  }

  async signsIn(username, password = PASSWORD) {
    await this.goes('/sign-in');
    await this.fills({ username, password });
    await this.#send('password');
    await this.seesNoForm('password');
  }

  async seesNoForm(field) {
    const main = this.page.locator('main');
    assert.equal(await this.page.locator(`main [name="${field}"]`).count(), 0, `still asked for ${field}: ${await main.innerText()}`);
  }

  /** Presses a button or follows a link by its verb, and confirms if asked to. */
  async presses(verb) {
    const main = this.page.locator('main');
    const control = await this.#findsAct(verb);
    const dialog = await this.followsOrIsAsked(() => control.click());
    const confirm = (dialog ?? main).getByRole('button', { name: starting(verb) });
    if (dialog || this.isAsked(verb)) await this.follows(() => confirm.first().click());
  }

  /** Opens the first menu that has this verb in it, and answers the entry. */
  async #inMenu(verb) {
    const entry = this.page.locator('main .menu :is(a, button)').filter({ hasText: starting(verb) }).first();
    const menu = await entry.evaluate(found => found.closest('.menu').id);
    await this.page.locator(`[popovertarget="${menu}"]`).click();
    return entry;
  }

  /** Searches a list for words. */
  async looksFor(words) {
    await this.page.locator('main input[type=search]').fill(words);
    await this.follows(() => this.page.keyboard.press('Enter'));
  }

  /** Whether this is the page that asks to confirm a verb. */
  isAsked(verb) {
    return new URL(this.page.url()).pathname.endsWith(`/${verb.toLowerCase()}`);
  }

  /** Fills in the token form; only what is given is touched. */
  async describesToken({ name, note, permissions, packages, expiry, expiresOn }) {
    if (name !== undefined) await this.fills({ name });
    if (packages !== undefined) {
      const all = packages.join() === '*';
      await this.page.locator(`main input[name="scope"][value="${all ? 'all' : 'match'}"]`).check();
      if (!all) await this.fills({ patterns: packages.join('\n') });
    }
    if (note !== undefined) {
      await this.opensAdvanced();
      await this.fills({ note });
    }
    if (permissions !== undefined) {
      const custom = this.page.locator('main input[name="preset"][value="custom"]'); // a new token's boxes are behind it
      if (await custom.count() > 0) await custom.check();
      for (const box of await this.page.locator('main input[name="permission"]').all()) await box.setChecked(permissions.includes(await box.getAttribute('value')));
    }
    if (expiry !== undefined) await this.page.locator('main select[name="expires"]').selectOption(expiry);
    if (expiresOn !== undefined) {
      await this.page.locator('main select[name="expires"]').selectOption('date');
      await this.fills({ expires_on: expiresOn });
    }
  }

  /** Unfolds what most tokens do without. */
  async opensAdvanced() {
    const advanced = this.page.locator('main details', { has: this.page.locator('[name="note"]') });
    if (await advanced.getAttribute('open') === null) await advanced.locator('summary').click();
  }

  /** Opens the menu of a token's page if an act is only there. */
  async #findsAct(verb) {
    const main = this.page.locator('main');
    const control = main.getByRole('button', { name: starting(verb) }).or(main.getByRole('link', { name: starting(verb) }));
    return await control.count() > 0 ? control.first() : this.#inMenu(verb);
  }

  /** Creates a token and stays on the page that shows it. */
  async createsToken(token) {
    await this.goes('/settings/tokens');
    await this.follows(() => this.page.locator('main').getByRole('link', { name: starting('Create token') }).first().click());
    await this.describesToken(token);
    await this.leavesJudgingToServer();
    await this.submits('Create token');
  }

  /** Presses Copy and answers what the clipboard holds. */
  async copiesSecret() {
    await this.page.evaluate(() => navigator.clipboard.writeText('nothing copied yet'));
    await this.page.getByRole('button', { name: 'Copy key', exact: true }).first().click();
    const secret = await this.reads('nothing copied yet');
    assert.match(secret, new RegExp(`^${SECRET.source}$`));
    return secret;
  }

  /** Reads the clipboard once it holds something other than `before`; copying answers a little after the press. */
  async reads(before) {
    for (let looked = 0; looked < 100; looked += 1) {
      const text = await this.page.evaluate(() => navigator.clipboard.readText());
      if (text !== before) return text;
      await this.page.waitForTimeout(50);
    }
    return assert.fail('nothing was copied');
  }

  /** Opens the masked secret and reads it, as one does where no script runs. */
  async showsSecret() {
    await this.page.locator('main details', { hasText: SECRET }).locator('summary').first().click();
    return SECRET.exec(await this.page.locator('main').innerText())?.[0];
  }

  /** The entry of a token in the list. */
  async findsInList(name) {
    await this.goes('/settings/tokens');
    return this.page.locator('main tbody tr').filter({ has: this.page.getByRole('link', { name, exact: true }) });
  }

  async opensToken(name) {
    const entry = await this.findsInList(name);
    await this.follows(() => entry.getByRole('link', { name, exact: true }).click());
  }

  /** Opens the form that edits a token. */
  async opensEdit(name) {
    await this.opensToken(name);
    const edit = await this.#findsAct('Edit');
    await this.follows(() => edit.click());
  }

  async editsToken(name, changes) {
    await this.opensEdit(name);
    await this.describesToken(changes);
    await this.submits('Save');
  }

  /** Presses the button that sends a form. */
  async submits(verb) {
    await this.follows(() => this.#form(verb).getByRole('button', { name: starting(verb) }).last().click());
  }

  /** Sends forms as they are: what the browser itself would refuse reaches the server too. */
  async leavesJudgingToServer() {
    await this.page.locator('form').evaluateAll(forms => forms.forEach(form => { form.noValidate = true; }));
  }

  /** Refreshes a token and answers its new secret. */
  async refreshesToken(name) {
    await this.opensToken(name);
    await this.presses('Refresh');
    return this.copiesSecret();
  }

  async does(verb, name) {
    await this.opensToken(name);
    await this.presses(verb);
  }

  /** What the page says, in its main part. */
  says() {
    return this.page.locator('main').innerText();
  }

  /** Presses Tab until the control with this field name and value, or with this text, has the focus. */
  async tabsTo({ field, value, text }) {
    for (let pressed = 0; pressed < 300; pressed += 1) {
      await this.page.keyboard.press('Tab');
      const here = await this.page.evaluate(() => {
        const at = document.activeElement;
        const style = getComputedStyle(at);
        return {
          field: at.getAttribute('name'), value: at.value, text: (at.getAttribute('aria-label') ?? at.innerText ?? '').trim(),
          visible: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
        };
      });
      const found = text ? new RegExp(`^${text}\\b`, 'i').test(here.text) : here.field === field && (value === undefined || here.value === value);
      if (!found) continue;
      assert.ok(here.visible, `the focus on ${text ?? field} cannot be seen`);
      return;
    }
    assert.fail(`Tab never reaches ${text ?? field} on ${this.page.url()}`);
  }

  async types(text) {
    await this.page.keyboard.type(text);
  }

  async hits(key) {
    await this.page.keyboard.press(key);
  }
}

/** Holds the page against every rule axe-core knows. */
export async function assertAccessible(page) {
  await page.evaluate(AXE); // evaluated, not linked: a content security policy has no say in it
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${rule.help}, at ${node.target.join(' ')} (${node.failureSummary?.split('\n')[1]?.trim()})`));
  assert.deepEqual(found, [], page.url());
}

/** Writes the page as it looks wide and narrow, light and dark, into the folder SHOTS; without SHOTS it does nothing. */
export async function shoot(page, name) {
  if (!process.env.SHOTS) return;
  mkdirSync(process.env.SHOTS, { recursive: true });
  const before = page.viewportSize();
  for (const width of [1280, 360]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); // no colour half way to another
      await page.screenshot({ path: path.join(process.env.SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}
