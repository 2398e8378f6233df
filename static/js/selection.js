// Lists whose rows can be ticked: all of them at once, and how many are selected, said aloud. Without this module they
// are ticked one by one, and a counter of the stylesheet counts them.
export const watchSelection = () => {
  for (const form of document.querySelectorAll("form[data-selection]")) {
    const all = form.querySelector(".all");
    const status = form.querySelector(".ticked");
    const boxes = [...form.querySelectorAll("tbody .tick input")];
    const tell = () => {
      const count = boxes.filter((box) => box.checked).length;
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && !all.checked;
      status.textContent = count > 0 ? `${count} selected` : "";
    };
    status.classList.add("said-aloud");
    form.addEventListener("change", (event) => {
      if (event.target === all) for (const box of boxes) box.checked = all.checked;
      tell();
    });
    form.addEventListener("reset", () => setTimeout(tell));
    addEventListener("pageshow", tell); // going back brings the ticks back
    tell();
  }
};
