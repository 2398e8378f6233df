// A server and the people in it, for the length of one journey. Journeys import from here alone.
import { Person } from './person.mjs';
import { engines, startServer } from './server.mjs';

export { assertAccessible, PASSWORD, Person, SECRET, shoot } from './person.mjs';
export { engines, run, startServer } from './server.mjs';

/**
 * Runs a journey against a fresh server; `arrives(options)` brings in one more person with a browser.
 * All is closed and removed afterwards. If the journey fails, the end of the server's log is shown.
 */
export async function journey(t, options, walk) {
  const server = await startServer(options);
  const people = [];
  const arrives = async browser => {
    const person = await Person.arrives(server, browser);
    people.push(person);
    return person;
  };
  let failed = true;
  try {
    await walk({ t, server, arrives });
    failed = false;
  } finally {
    if (failed) {
      for (const { page } of people) t.diagnostic(`${page.url()}\n${await page.locator('body').innerText({ timeout: 5000 }).catch(String)}`);
      t.diagnostic(server.log.split('\n').filter(line => !/ (TRACE|DEBUG) /.test(line)).slice(-20).join('\n'));
    }
    const ends = await Promise.allSettled(people.map(person => person.leaves()));
    ends.push(...await Promise.allSettled([server.remove()]));
    const broken = ends.find(end => end.status === 'rejected');
    if (broken && !failed) throw broken.reason;
  }
}

/** Declares one test for each database. */
export function onBoth(test, sentence, walk, options = {}) {
  for (const engine of engines) test(`${sentence} (${engine})`, t => journey(t, { engine, ...options }, walk));
}
