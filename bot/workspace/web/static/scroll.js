// Where the lists of messages stand: at the newest one, or where somebody scrolled to.

import { by, page } from "./act.js";

const lists = () => [by("messages"), by("replies")].filter(Boolean);
const isAtBottom = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < 60;

export const listsAtBottom = () => lists().filter(isAtBottom);

export function toBottom(list) {
  list.scrollTop = list.scrollHeight;
}

// Messages were added, the last of them first.
export function showNewest(list, added) {
  toBottom(list);
  // Of something longer than the list is high, one wants to read the beginning first.
  const first = added.filter((fresh) => list.contains(fresh)).at(-1);
  if (first && first.getBoundingClientRect().top < list.getBoundingClientRect().top) first.scrollIntoView();
}

// The message at the list's upper edge, and how far above the edge it begins: on the next page it stands there again,
// whatever was added above, and however wide the list is then.
function anchor(list) {
  const edge = list.getBoundingClientRect().top;
  const message = [...list.children].find((child) => child.id && child.getBoundingClientRect().bottom > edge);
  return message && { id: message.id, above: edge - message.getBoundingClientRect().top };
}

export function restoreScroll() {
  lists().forEach(toBottom);
  const linked = location.hash && by(location.hash.slice(1));
  if (linked) return linked.scrollIntoView();
  const saved = JSON.parse(sessionStorage.getItem("scroll") ?? "{}");
  const message = saved.channel === page.channel && saved.me === page.me && saved.at && by(saved.at.id);
  if (!message) return;
  message.scrollIntoView();
  by("messages").scrollTop += saved.at.above;
}

addEventListener("pagehide", () => {
  const list = by("messages");
  if (!list) return;
  const at = isAtBottom(list) ? null : anchor(list);
  sessionStorage.setItem("scroll", JSON.stringify({ channel: page.channel, me: page.me, at }));
});
