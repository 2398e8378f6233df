// Every page of the table of addresses, on a host with long names, holds against axe-core in light, dark and forced colours and fits
// its window at every width. A new page needs a line in `busy_host.mjs`.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { SETTINGS, fills } from './busy_host.mjs';
import { assertGood } from './looks.mjs';
import { journey } from './world.mjs';

/** Pages that only people without a session see, or with a link from a mail: `accessibility.test.mjs` and `settings.test.mjs` look at them. */
const ELSEWHERE = ['/', '/setup', '/sign-in', '/confirm', '/reset'];
/** Files. */
const FILES = /\.csv$|\/export$|\/readme$/;

/** The patterns of all pages that can be looked at. */
function patterns() {
  const routes = readFileSync(new URL('../../src/routes.rs', import.meta.url), 'utf8');
  const of = (name, prefix) => {
    const lines = new RegExp(`^fn ${name}\\(\\)[^]*?^}`, 'm').exec(routes)[0];
    return [...lines.matchAll(/\bget\(\s*"([^"]*)"/g)].map(([, path]) => prefix + path);
  };
  return [...of('pages', ''), ...of('operator_pages', '/operator')].filter(path => !FILES.test(path) && !ELSEWHERE.includes(path));
}

/** Headings break behind the signs of a name, and inside a word only where that alone is wider than the window. */
async function assertHeadingsKeepTheirWords(page) {
  await page.setViewportSize({ width: 360, height: 740 });
  const broken = await page.evaluate(() => {
    const parts = [...document.querySelectorAll('h1')].flatMap(h1 => {
      const walker = document.createTreeWalker(h1, NodeFilter.SHOW_TEXT);
      const words = [];
      while (walker.nextNode()) for (const match of walker.currentNode.data.matchAll(/[^\s-]+-?/g)) words.push([walker.currentNode, match.index, match[0], h1]);
      return words;
    });
    return parts.filter(([node, at, word, h1]) => {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + word.length);
      const lines = new Set([...range.getClientRects()].map(rect => Math.round(rect.top)));
      const widest = Math.max(...[...range.getClientRects()].map(rect => rect.width));
      return lines.size > 1 && widest < h1.clientWidth * .9;
    }).map(([, , word]) => word);
  });
  assert.deepEqual(broken, [], `headings of ${page.url()} break inside words`);
}

/** Lists are one table: widths are declared, rows are 52 px but for answers that may wrap, and what is cut says the whole in a title. */
async function assertOneTable(page) {
  await page.setViewportSize({ width: 1280, height: 800 });
  const wrong = await page.evaluate(() => [...document.querySelectorAll('main:not(.guide) .board > .table')].flatMap(table => {
    const name = table.caption?.textContent.trim() ?? 'a table without a caption';
    const free = [...table.tHead.rows[0].cells].filter(cell => !/\bw-/.test(cell.className));
    const short = table.matches('.compact, .health');
    const rows = [...table.querySelectorAll('tbody tr:not(.group)')].filter(row => !row.querySelector('td.reply, .advice'));
    const odd = rows.map(row => Math.round(row.getBoundingClientRect().height)).filter(height => short ? height < 38 || height > 46 : height < 48 || height > 54);
    const cut = [...table.querySelectorAll('tbody :is(.top, .sub, .top > *)')].filter(text => text.scrollWidth > text.clientWidth + 1 && text.clientWidth > 0
      && !text.closest('.aside') && !text.closest('[title]') && !text.querySelector('[title]'));
    return [...(free.length === 1 ? [] : [`${name}: ${free.length} columns without a width`]), ...odd.map(height => `${name}: a row of ${height} px`),
      ...cut.map(text => `${name}: cut without a title: ${text.outerHTML.slice(0, 100)}`)];
  }));
  assert.deepEqual([...new Set(wrong)], [], page.url());
}

/** Of a choice, one pane is shown: the chosen one's. */
async function assertOnePane(page) {
  const shown = await page.locator('.choose').evaluateAll(all => all.map(choose => [...choose.querySelectorAll(':scope > .pane')].filter(pane => pane.checkVisibility()).length));
  assert.ok(shown.every(count => count <= 1), `${page.url()} shows ${shown} panes at once`);
}

test('every page fits, with names as long as they may be', t => journey(t, { engine: 'postgres', settings: SETTINGS }, async ({ server, arrives }) => {
  const ada = await arrives();
  await ada.signsUpByLink(await server.setupLink(), 'ada');
  const addresses = await fills(server, ada);
  const known = patterns();
  assert.ok(known.length > 60, `${known.length} pages are found in routes.rs`);
  assert.deepEqual(known.filter(pattern => !addresses.has(pattern)), [], 'pages without a line in busy_host.mjs');
  assert.deepEqual([...addresses.keys()].filter(pattern => !known.includes(pattern)), [], 'lines in busy_host.mjs of pages that are gone');
  const wrong = [];
  const holds = async check => {
    try {
      await check();
    } catch (error) {
      wrong.push(error.message);
    }
  };
  for (const path of [...addresses.values()].flat()) {
    assert.equal(await ada.goes(path), 200, path);
    await holds(() => assert.equal(new URL(ada.page.url()).pathname, path.split('?')[0], 'leads elsewhere'));
    await holds(() => assertGood(ada.page, `every${path.replace(/[^\w.]+/g, '-').slice(0, 80)}`));
    for (const check of [assertHeadingsKeepTheirWords, assertOneTable, assertOnePane]) await holds(() => check(ada.page));
  }
  assert.deepEqual(wrong, []);
}));
