// Copy buttons: <button data-copy="#id" hidden>. They appear only where this module runs.
// A text that holds the placeholder gets the key itself, if the page still has it.
import { fill, show } from "./secret.js";

const say = (button, text) => {
  const status = document.querySelector(button.dataset.status ?? "#said");
  if (status) status.textContent = text;
};

// Selects the text, so that the keyboard can copy it where the clipboard is closed to pages.
const select = (source) => {
  source.closest("details")?.setAttribute("open", "");
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
};

// Copies where the clipboard is closed to pages, as on a host without https: out of a field that is there for a moment.
const copyBySelecting = (button, text) => {
  const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, className: "aside" });
  button.after(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus();
  return done;
};

const copy = async (button) => {
  const source = document.querySelector(button.dataset.copy);
  const text = fill(source.textContent.trim());
  say(button, "");
  try {
    await navigator.clipboard.writeText(text);
    say(button, "Copied");
  } catch {
    if (copyBySelecting(button, text)) {
      say(button, "Copied");
      return;
    }
    if (text !== source.textContent.trim()) show(source, text);
    select(source);
    say(button, "Selected. Press Ctrl+C, or ⌘C on a Mac, to copy.");
  }
};

export const watchCopyButtons = () => {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
  for (const hint of document.querySelectorAll("[data-with-copy]")) hint.hidden = false;
  document.querySelector("button.main[data-copy]")?.focus();
};
