// Two lists above the permission table tick its boxes. Without this module they stay hidden and the boxes are ticked by hand.
const ACTIONS = {
  read: ["pull"],
  "read-write": ["pull", "push"],
  write: ["push"],
  full: ["pull", "push", "delete"],
};

const boxes = (form) => [...form.querySelectorAll("[name=permission]:not(:disabled)")];

const tick = (form, kind, preset) => {
  const kinds = kind === "all" ? ["nuget", "container", "npm"] : [kind];
  const wanted = new Set(kinds.flatMap((k) => ACTIONS[preset].map((action) => `${k}:${action}`)));
  if (preset === "full") wanted.add("api:read").add("api:manage");
  for (const box of boxes(form)) box.checked = wanted.has(box.value);
};

export const watchPresets = () => {
  const group = document.querySelector("[data-presets]");
  if (!group) return;
  const [kind, preset] = group.querySelectorAll("select");
  const form = group.closest("form");
  group.hidden = false;
  group.addEventListener("change", () => {
    if (preset.value) tick(form, kind.value, preset.value);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "permission") preset.value = "";
  });
};
