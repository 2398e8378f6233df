// The ticks in the token list: how many there are, and all of them at once. Without this module they are ticked one by one.
const said = (count) => (count === 0 ? "Selected tokens:" : `${count} selected`);

export const watchSelection = () => {
  const form = document.querySelector("form[data-selection]");
  if (!form) return;
  const all = form.querySelector("[data-all]");
  const status = form.querySelector("[data-count]");
  const boxes = [...form.querySelectorAll("[name=token]")];
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    all.checked = count === boxes.length;
    all.indeterminate = count > 0 && !all.checked;
    status.textContent = said(count);
  };
  all.closest("label").hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    tell();
  });
  addEventListener("pageshow", tell); // going back brings the ticks back
  tell();
};
