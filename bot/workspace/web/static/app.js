// The page's script: what a person does goes to /act, what changed comes from /events, and every piece of the page
// is drawn by the server. Nothing here builds HTML from text.

import { act, by, page } from "./act.js";
import { fill } from "./composer.js";
import { about, click, closeModal, showModals } from "./fields.js";
import { follow } from "./live.js";
import { showTools } from "./panel.js";
import { restoreScroll } from "./scroll.js";

const messageOf = (element) => element.closest(".message");

function openThread(ts) {
  const there = new URL(`/c/${page.channel}`, location);
  const asked = new URLSearchParams(location.search);
  if (asked.has("show")) there.searchParams.set("show", asked.get("show"));
  there.searchParams.set("as", page.me);
  there.searchParams.set("thread", ts);
  location.href = there;
}

const clicks = {
  "[data-react]": (it) => act({ do: "react", ...about(messageOf(it)), emoji: it.dataset.react }),
  "[data-picker]": (it) => openPicker(it),
  "[data-pick]": (it) => pick(it.dataset.pick),
  "[data-thread]": (it) => openThread(it.dataset.thread),
  "[data-close]": (it) => closeModal(it.closest("dialog")),
  "[data-clock]": (it) => act({ do: "clock", to: it.dataset.clock }),
  "[data-fault]": (it) =>
    act({ do: "fault", kind: it.dataset.fault, method: by("faults").elements.method.value }),
  "[data-kind='button'], [data-kind='overflow']": (it) => {
    it.closest("details.menu")?.removeAttribute("open");
    return click(it, it.dataset.value);
  },
  "[data-shortcut]": (it) => {
    it.closest("details.menu").removeAttribute("open");
    const message = messageOf(it);
    return act({ do: "shortcut", callback_id: it.dataset.shortcut, ...(message ? about(message) : {}) });
  },
  "[data-form]": (it) => fill(it.closest("form"), it),
  "#tools-button, #tools-close": () => showTools(by("tools").hidden),
  "#menu-button": () => showMenu(!document.body.classList.contains("menu-open")),
};

document.addEventListener("click", (event) => {
  if (!event.target.closest("#menu-button, .sidebar")) showMenu(false);
  for (const [selector, handle] of Object.entries(clicks)) {
    const target = event.target.closest(selector);
    if (target) return void handle(target);
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

function showMenu(open) {
  document.body.classList.toggle("menu-open", open);
  by("menu-button").setAttribute("aria-expanded", String(open));
}

let picked;
function openPicker(button) {
  picked = about(messageOf(button));
  const picker = by("picker");
  picker.showPopover();
  const place = button.getBoundingClientRect();
  const left = Math.min(place.left, innerWidth - picker.offsetWidth - 8);
  const below = place.bottom + 4 + picker.offsetHeight < innerHeight;
  picker.style.left = `${Math.max(8, left)}px`;
  picker.style.top = `${below ? place.bottom + 4 : place.top - picker.offsetHeight - 4}px`;
  picker.querySelector("button").focus();
}

function pick(emoji) {
  by("picker").hidePopover();
  return act({ do: "react", ...picked, emoji });
}

restoreScroll();
showModals();
follow();
if (!page.channel) act({ do: "home" });
