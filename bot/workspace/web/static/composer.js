// The box to write in: drafts, the forms of commands, and sending.

import { act, by, page, say } from "./act.js";
import { toBottom } from "./scroll.js";

const draftKey = (form) => `draft ${page.me} ${page.channel} ${form.dataset.threadTs}`;

function grow(draft) {
  draft.style.height = "auto";
  draft.style.height = `${Math.min(draft.scrollHeight + 2, innerHeight / 3)}px`;
}

function setDraft(form, text) {
  const draft = form.elements.text;
  draft.value = text;
  if (text) sessionStorage.setItem(draftKey(form), text);
  else sessionStorage.removeItem(draftKey(form));
  grow(draft);
}

async function send(form) {
  const text = form.elements.text.value.trim();
  if (!text) return;
  const isCommand = text.startsWith("/");
  const thread = form.dataset.threadTs;
  if (isCommand && thread) return void say("Slash commands don't work in threads; use the channel's own box.");
  setDraft(form, "");
  offer(form);
  // Whoever asks wants to see the answer, wherever they have scrolled to.
  toBottom(by(thread ? "replies" : "messages"));
  const answer = await act(isCommand ? { do: "command", text } : { do: "say", text, thread });
  if (!answer.ok && !form.elements.text.value) setDraft(form, text);
}

// A file goes as text that JSON can carry, with what was typed so far.
function attach(form, file) {
  const reader = new FileReader();
  reader.addEventListener("error", () => say(`${file.name} can't be read.`));
  reader.addEventListener("load", async () => {
    const text = form.elements.text.value.trim();
    const content = reader.result.slice(reader.result.indexOf(",") + 1);
    const thread = form.dataset.threadTs;
    setDraft(form, "");
    toBottom(by(thread ? "replies" : "messages"));
    const answer = await act({ do: "upload", name: file.name, content, text, thread });
    if (!answer.ok && !form.elements.text.value) setDraft(form, text);
  });
  reader.readAsDataURL(file);
}

const options = (form) => [...form.querySelectorAll("[data-form]")];
const offered = (form) => options(form).filter((option) => !option.hidden);
const selected = (form) => form.querySelector("[data-form][aria-selected='true']");

// Show the forms of commands that what was typed may become.
function offer(form) {
  const text = form.elements.text.value;
  const wanted = text.startsWith("/") && !text.includes("\n") && !form.dataset.threadTs;
  for (const option of options(form)) {
    const fits = option.dataset.form.startsWith(text) && option.dataset.form !== text;
    option.hidden = !(wanted && fits);
  }
  select(form, null);
  const list = form.querySelector(".completion");
  list.hidden = !offered(form).length;
}

function select(form, option) {
  selected(form)?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) form.elements.text.setAttribute("aria-activedescendant", option.id);
  else form.elements.text.removeAttribute("aria-activedescendant");
}

export function fill(form, option) {
  setDraft(form, option.dataset.fill);
  offer(form);
  form.elements.text.focus();
}

function step(form, by) {
  const forms = offered(form);
  const at = forms.indexOf(selected(form));
  const next = at < 0 ? (by > 0 ? 0 : forms.length - 1) : (at + by + forms.length) % forms.length;
  select(form, forms[next]);
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest("form.composer");
  if (!form || event.isComposing) return;
  const open = !form.querySelector(".completion").hidden;
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    step(form, event.key === "ArrowDown" ? 1 : -1);
  } else if (open && event.key === "Escape") {
    form.querySelector(".completion").hidden = true;
    select(form, null);
  } else if (open && (selected(form) ? event.key === "Enter" || event.key === "Tab" : event.key === "Tab")) {
    fill(form, selected(form) ?? offered(form)[0]);
  } else if (event.key === "Enter" && !event.shiftKey) {
    send(form);
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form.composer");
  if (!form) return;
  setDraft(form, form.elements.text.value);
  offer(form);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form.composer");
  if (!form || event.target.type !== "file" || !event.target.files.length) return;
  attach(form, event.target.files[0]);
  // So that the same file can be chosen again.
  event.target.value = "";
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches("form.composer")) send(event.target);
});

for (const form of document.querySelectorAll("form.composer")) {
  setDraft(form, sessionStorage.getItem(draftKey(form)) ?? "");
}
(by("reply-composer") ?? by("composer"))?.elements.text.focus();
