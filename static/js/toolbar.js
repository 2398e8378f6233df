// A list is shown in another order as soon as one is chosen. Without this module the toolbar has a button for it.
export const watchToolbar = () => {
  for (const select of document.querySelectorAll("select[data-submits]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
};
