// A list is searched while one types. The last question wins, the address follows so that it can be shared, and without
// this module the form does the same when it is sent.
const PAUSE_MS = 200;

let asked; // the question under way
let timer;

const show = (html) => {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("found");
  const old = document.getElementById("found");
  if (old && fresh) old.replaceChildren(...document.adoptNode(fresh).childNodes);
};

const ask = async (form) => {
  asked?.abort();
  asked = new AbortController();
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(fields).toString();
  const address = query ? `${form.action}?${query}` : form.action;
  try {
    const answer = await fetch(address, { redirect: "manual", signal: asked.signal });
    if (!answer.ok) return; // too many at once: what is shown stays, and the form still works
    const html = await answer.text();
    history.replaceState(null, "", address);
    show(html);
  } catch {
    // A newer question took its place, or the server does not answer: what is shown stays.
  }
};

export const watchSearch = () => {
  const field = document.querySelector("input[data-live]");
  if (!field || !document.getElementById("found")) return;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(field.form), PAUSE_MS);
  });
};
