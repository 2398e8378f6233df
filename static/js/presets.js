// A ready-made choice ticks the boxes it stands for, so that Custom goes on from there. The server does not need it: it
// reads the choice itself.
const tick = (form, preset, kinds) => {
  const wanted = new Set(preset.dataset.ticks.split(" ").flatMap((part) => {
    const whole = part.includes(":"); // of no kind, such as api:read
    return whole ? [part] : kinds.map((kind) => `${kind}:${part}`);
  }));
  for (const box of form.querySelectorAll("[name=permission]:not(:disabled)")) box.checked = wanted.has(box.value);
};

export const watchPresets = () => {
  const form = document.querySelector("form:has([name=preset])");
  form?.addEventListener("input", ({ target }) => {
    if (target.name !== "preset" && target.name !== "kind") return;
    const preset = form.querySelector("[name=preset]:checked");
    const kind = form.querySelector("[name=kind]:checked, [name=kind][type=hidden]");
    if (preset?.dataset.ticks && kind) tick(form, preset, kind.dataset.kinds.split(" "));
  });
};
