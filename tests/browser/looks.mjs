// Holds a page against axe-core and against its window, in every look: light and dark, on a desk, at 200 % zoom, on a phone and at
// 400 % zoom. And draws it, for somebody to look at.
import assert from 'node:assert/strict';
import { assertAccessible, shoot } from './person.mjs';

/** Window widths in CSS pixels: 640 is a desk at 200 % zoom, 320 the same at 400 %. */
const WIDTHS = [1280, 640, 360, 320];
const SCHEMES = ['light', 'dark'];
const CHECKED = new Set([1280, 360]); // rules are judged where the layout differs

async function assertFits(page, width) {
  const sticksOut = await page.evaluate(limit => document.documentElement.scrollWidth <= limit ? []
    : [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().right > limit).map(element => element.outerHTML.slice(0, 120)), width);
  assert.deepEqual(sticksOut, [], `${page.url()} is wider than its window of ${width} px`);
}

/** Checks the page that is open, in every look; `name` is for its screenshots. */
export async function assertGood(page, name) {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await assertFits(page, width);
    if (!CHECKED.has(width)) continue;
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await assertAccessible(page);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await shoot(page, name);
}
