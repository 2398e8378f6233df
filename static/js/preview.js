// While the form of a token is filled in, the server says what it comes to: which packages the patterns cover, which can be
// ticked, whether the name is taken, and what the token could do. Without this module the form's own buttons ask for the
// same.
const PAUSE_MS = 250;
const PARTS = ["same-name", "coverage", "picks", "sentence"];

const wanted = new Set(); // the parts that wait for an answer
let asked; // the question under way
let timer; // of the question that is about to be asked

// The answers replace what is there only where they differ, so that nothing flickers and nothing is read out twice.
const show = (html) => {
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const id of wanted) {
    const [old, fresh] = [document.getElementById(id), answer.getElementById(id)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) old.replaceChildren(...document.adoptNode(fresh).childNodes);
  }
  if (!timer) wanted.clear(); // what changed meanwhile waits for its own answer
  freePicks();
};

const ask = async (form) => {
  asked?.abort();
  asked = new AbortController();
  const fields = new FormData(form);
  fields.delete("password");
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(fields), redirect: "manual", signal: asked.signal });
    if (answer.ok) show(await answer.text());
  } catch {
    // A newer question took its place, or the server does not answer: what is shown stays.
  }
};

const askSoon = (form, parts = PARTS) => {
  for (const part of parts) wanted.add(part);
  clearTimeout(timer);
  timer = setTimeout(() => {
    timer = undefined;
    ask(form);
  }, PAUSE_MS);
};

const patterns = (form) => form.elements.patterns;
const lines = (form) => patterns(form).value.split("\n").map((line) => line.trim()).filter(Boolean);
const same = (a, b) => a.toLowerCase() === b.toLowerCase();

// Where this module runs, a ticked package can be unticked again.
const freePicks = () => {
  for (const box of document.querySelectorAll("#picks [name=pick]:disabled")) box.disabled = false;
};

const tick = (form, box) => {
  const others = lines(form).filter((line) => !same(line, box.value));
  patterns(form).value = [...others, ...(box.checked ? [box.value] : [])].join("\n");
};

const tickAsListed = (form) => {
  const listed = lines(form);
  for (const box of form.querySelectorAll("#picks [name=pick]")) box.checked = listed.some((line) => same(line, box.value));
};

const follow = (form, { target }) => {
  if (target.name === "pick") {
    tick(form, target);
    askSoon(form, ["coverage", "sentence"]); // the list stays as it is: the focus is in it
  } else if (target.name === "patterns") {
    tickAsListed(form);
    askSoon(form, ["coverage", "sentence"]);
  } else if (target.name === "find") askSoon(form, ["picks"]);
  else if (target.name === "name") askSoon(form, ["same-name"]);
  else if (["expires", "expires_on", "morning"].includes(target.name)) askSoon(form, ["sentence"]);
  else if (["preset", "kind", "permission", "scope", "feeds", "feed"].includes(target.name)) askSoon(form);
};

// What was wrong with a field is not said of what is in it now; the server judges that when it is sent.
const forgive = (form, { target }) => {
  target.removeAttribute("aria-invalid");
  form.querySelector(`#${target.name}-error`)?.remove();
};

export const watchPreview = () => {
  const form = document.querySelector("form[data-preview]");
  if (!form) return;
  // Enter in a field is for the button at the end, and in the search for nothing: it has answered already.
  for (const button of form.querySelectorAll(".no-script[name=step], .no-script [name=step]")) button.type = "button";
  form.elements.find?.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  form.addEventListener("input", (event) => {
    forgive(form, event);
    follow(form, event);
  });
  freePicks();
};
