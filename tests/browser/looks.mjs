// Holds a page against axe-core in every look (light, dark, forced colours), and against windows of any width. And draws it, for
// somebody to look at.
import assert from 'node:assert/strict';
import { assertAccessible, shoot } from './person.mjs';

/** Window widths in CSS pixels, from 400 % zoom on a desk to a wide one; at all of them no page may be wider than its window. */
const WIDTHS = Array.from({ length: 29 }, (_, step) => 320 + 40 * step);
const CHECKED = [1280, 360]; // rules are judged where the layout differs
const LOOKS = [
  { colorScheme: 'light', forcedColors: 'none' }, { colorScheme: 'dark', forcedColors: 'none' }, { colorScheme: 'dark', forcedColors: 'active' },
];

/** Holds the open page against every width: nothing sticks out of the window, and no text out of a button. */
export async function assertFits(page) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const sticksOut = await page.evaluate(limit => {
      const clipped = [...document.querySelectorAll('main .button')].filter(button => button.scrollWidth > button.clientWidth + 1 && !button.querySelector('.clip'));
      const wide = document.documentElement.scrollWidth <= limit ? []
        : [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().right > limit);
      return [...clipped, ...wide].map(element => element.outerHTML.slice(0, 120));
    }, width);
    assert.deepEqual(sticksOut, [], `${page.url()} does not fit its window of ${width} px`);
  }
}

/** Checks the page that is open, in every look; `name` is for its screenshots. */
export async function assertGood(page, name) {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await assertFits(page);
  for (const width of CHECKED) {
    await page.setViewportSize({ width, height: 800 });
    for (const look of LOOKS) {
      await page.emulateMedia(look);
      await assertAccessible(page);
    }
  }
  await page.emulateMedia(LOOKS[0]);
  await page.setViewportSize({ width: 1280, height: 800 });
  await shoot(page, name);
}
