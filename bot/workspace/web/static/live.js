// What changed, as the server sends it: pieces of the page by their id.

import { by, page } from "./act.js";
import { showModals } from "./fields.js";
import { readPanel } from "./panel.js";
import { listsAtBottom, showNewest } from "./scroll.js";

function apply(changes) {
  const following = listsAtBottom();
  const added = [];
  for (const change of changes) {
    if (change.remove) by(change.remove)?.remove();
    else if (by(change.put)) redraw(change);
    else added.push(insert(change));
  }
  for (const list of following) showNewest(list, added);
  showModals();
  if (changes.some((change) => change.put === "panel-tick")) readPanel();
}

function drawn(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function insert({ html, into, before }) {
  const fresh = drawn(html);
  by(into)?.insertBefore(fresh, before ? by(before) : null);
  return fresh;
}

function redraw({ put: id, html }) {
  const old = by(id);
  const fresh = drawn(html);
  const focused = old.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  keepFields(old, fresh);
  const wasOpen = old.matches("dialog[open]");
  old.replaceWith(fresh);
  if (wasOpen) fresh.showModal();
  if (focused) fresh.querySelector(focused)?.focus({ preventScroll: true });
}

// A selector by which an element is found again in a newer drawing of what it stands in.
function nameOf(element) {
  const names = ["data-react", "data-thread", "data-kind", "data-action-id", "data-block-id", "data-value", "href"];
  const having = [...names, "name", "value"].filter((name) => element.hasAttribute(name));
  const quoted = having.map((name) => `[${name}="${CSS.escape(element.getAttribute(name))}"]`);
  return element.localName + quoted.join("");
}

// What somebody entered or opened stays when the server draws its surroundings again.
function keepFields(old, fresh) {
  for (const field of old.querySelectorAll("input, select, textarea")) {
    const twin = fresh.querySelector(nameOf(field));
    if (!twin) continue;
    if ("checked" in twin && field.checked !== field.defaultChecked) twin.checked = field.checked;
    else if (field.matches("[data-value]") && field.value !== field.dataset.value) twin.value = field.value;
  }
  const menus = fresh.querySelectorAll("details");
  old.querySelectorAll("details").forEach((menu, at) => menus[at] && (menus[at].open = menu.open));
}

let source;
let last = 0;
export function follow() {
  source = new EventSource(`/events?tab=${page.tab}&last=${last}`);
  source.onopen = () => (by("offline").hidden = true);
  source.onerror = () => (by("offline").hidden = false);
  source.addEventListener("change", (event) => {
    last = event.lastEventId;
    apply(JSON.parse(event.data));
  });
  source.addEventListener("reload", () => {
    source.close();
    location.reload();
  });
}

// A browser opens six connections to a server and no more, so only pages that are looked at keep one.
document.addEventListener("visibilitychange", () => {
  source?.close();
  if (!document.hidden) follow();
});
