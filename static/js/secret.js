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

const wipe = () => {
  const key = holder();
  if (wiped || !key) return;
  wiped = true;
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
