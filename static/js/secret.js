// The page that shows a key once. The key leaves the page after ten quiet minutes and whenever the page is left,
// so that going back or forward, or an unlocked desk, never shows it again.
const QUIET_MINUTES = 10;
const PLACEHOLDER = "YOUR_KEY";
const GONE = "The key is no longer on this page. Refresh the token to get a new one.";

const holder = () => document.querySelector("[data-secret]");
let wiped = false;

// Puts the key where a ready-made line says YOUR_KEY.
export const fill = (text) => {
  const key = wiped ? null : holder()?.textContent.trim();
  return key ? text.replaceAll(PLACEHOLDER, () => key) : text;
};

// Shows a line with the key in it, where it could not be copied without; it goes with the key.
const shown = new Map();
export const show = (source, text) => {
  if (!shown.has(source)) shown.set(source, source.textContent);
  source.textContent = text;
};

const wipe = () => {
  const key = holder();
  if (wiped || !key) return;
  wiped = true;
  for (const [source, before] of shown) source.textContent = before;
  key.textContent = GONE;
  const box = key.closest(".secret");
  box.classList.add("gone");
  box.querySelector(".mask")?.remove();
  box.querySelector("details").open = true;
  box.querySelector("button[data-copy]")?.remove();
  const status = box.querySelector("[role=status]");
  if (status) status.textContent = "";
};

export const guardSecret = () => {
  if (!holder()) return;
  let last = Date.now();
  const touch = () => { last = Date.now(); };
  for (const kind of ["pointerdown", "keydown", "scroll"]) addEventListener(kind, touch, { passive: true });
  const check = () => { if (Date.now() - last >= QUIET_MINUTES * 60_000) wipe(); };
  setInterval(check, 5_000);
  document.addEventListener("visibilitychange", check); // timers sleep with the machine
  addEventListener("pagehide", wipe);
};
