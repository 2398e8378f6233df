// Keeps <time data-relative> true while a page stays open. The exact time stands beside it in the page's own text.
// The server writes the first words by the same rule: minutes under two hours, hours under two days, days
// under two years, then years, rounded.
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY;
const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });

const inWords = (distance) => {
  const size = Math.abs(distance);
  if (size < MINUTE) return distance < 0 ? "just now" : "in under a minute";
  const [unit, name] =
    size < 2 * HOUR ? [MINUTE, "minute"] : size < 2 * DAY ? [HOUR, "hour"] : size < 2 * YEAR ? [DAY, "day"] : [YEAR, "year"];
  return words.format(Math.sign(distance) * Math.round(size / unit), name);
};

const refresh = () => {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const distance = Date.parse(time.dateTime) - Date.now();
    if (Number.isNaN(distance)) continue;
    const text = inWords(distance);
    if (time.textContent !== text) time.textContent = text;
  }
};

// A new account begins with the time zone of its owner's browser.
export const proposeZone = () => {
  const zone = document.querySelector("form[action$='/setup'] [name=zone], form[action$='/sign-up'] [name=zone]");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && own && zone.value === "UTC") zone.value = own;
};

export const keepTimes = () => {
  if (!document.querySelector("time[data-relative]")) return;
  setInterval(refresh, 30_000); // the first words are the server's: a wrong clock here does not contradict them at once
};
