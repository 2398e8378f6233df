// Keeps <time data-relative> true while a page stays open. The exact time stands beside it in the page's own text.
// The server writes the first words by the same rule: minutes under two hours, hours under two days, then days.
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });

const inWords = (distance) => {
  if (Math.abs(distance) < MINUTE) return distance < 0 ? "just now" : "in under a minute";
  const ahead = distance > 0 ? distance + MINUTE - 1000 : distance; // what was chosen as 90 days reads so while it is new
  const size = Math.abs(ahead);
  if (size < 2 * HOUR) return words.format(Math.trunc(ahead / MINUTE), "minute");
  if (size < 2 * DAY) return words.format(Math.trunc(ahead / HOUR), "hour");
  return words.format(Math.trunc(ahead / DAY), "day");
};

const refresh = () => {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const distance = Date.parse(time.dateTime) - Date.now();
    if (Number.isNaN(distance)) continue;
    const text = inWords(distance);
    if (time.textContent !== text) time.textContent = text;
  }
};

export const keepTimes = () => {
  if (!document.querySelector("time[data-relative]")) return;
  setInterval(refresh, 30_000); // the first words are the server's: a wrong clock here does not contradict them at once
};
