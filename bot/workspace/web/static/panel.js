// Under the hood: recent calls and deliveries as JSON.

import { by } from "./act.js";

export function showTools(open) {
  by("tools").hidden = !open;
  document.body.classList.toggle("tools-open", open);
  by("tools-button").setAttribute("aria-expanded", String(open));
  sessionStorage.setItem("tools", open ? "open" : "");
  if (open) readPanel();
}

let reading = false;
let again = false;
export async function readPanel() {
  if (by("tools").hidden) return;
  again = reading;
  if (reading) return;
  reading = true;
  try {
    const asked = encodeURIComponent(by("panel-filter").value);
    const response = await fetch(`/panel?q=${asked}`);
    drawEntries((await response.json()).entries);
  } catch {
    // The line at the top says already that nobody answers.
  }
  reading = false;
  if (again) readPanel();
}

function drawEntries(entries) {
  const fresh = entries.map((entry) => {
    const id = `entry-${entry.id}`;
    const old = by(id);
    return old && old.dataset.status === entry.status ? old : drawEntry(id, entry, old?.open);
  });
  by("entries").replaceChildren(...fresh);
}

function drawEntry(id, entry, open) {
  const details = element("details", `entry ${entry.kind}`);
  const summary = element("summary", "");
  const took = entry.milliseconds === null ? "" : `${entry.milliseconds} ms`;
  const how = entry.ok === null ? "waiting" : entry.ok ? "good" : "bad";
  summary.append(
    element("span", "direction", entry.kind === "call" ? "→" : "←"),
    element("strong", "entry-name", entry.name),
    element("span", `status ${how}`, entry.status),
    element("span", "took", took),
    element("time", "at", entry.at.slice(11)),
  );
  details.id = id;
  details.dataset.status = entry.status;
  const body = element("pre", "json");
  const show = () => details.open && (body.textContent ||= JSON.stringify(entry.detail, null, 2));
  details.addEventListener("toggle", show);
  details.append(summary, body);
  details.open = Boolean(open);
  return details;
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

let filtering;
by("panel-filter").addEventListener("input", () => {
  clearTimeout(filtering);
  filtering = setTimeout(readPanel, 120);
});

showTools(sessionStorage.getItem("tools") === "open");
