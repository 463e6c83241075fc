// Fields and buttons of messages, modals and the Home tab, and what is reported of them.

import { act, by } from "./act.js";

export const about = (message) => ({ channel: message.dataset.channel, ts: message.dataset.ts });

const viewOf = (element) => element.closest("[data-view-id]");

export function click(element, value) {
  const { actionId, blockId, confirm: question } = element.dataset;
  if (question && !confirm(question)) return;
  const view = viewOf(element);
  const where = view
    ? { view: view.dataset.viewId, values: valuesOf(view) }
    : about(element.closest(".message"));
  return act({ do: "click", ...where, action_id: actionId, block_id: blockId, value });
}

const several = (kind) => kind === "checkboxes" || kind.startsWith("multi_");

function valueOf(field) {
  const { kind } = field.dataset;
  if (field.matches("fieldset")) {
    const chosen = [...field.querySelectorAll("input:checked")].map((input) => input.value);
    return several(kind) ? chosen : (chosen[0] ?? null);
  }
  if (field.value === "") return several(kind) ? [] : null;
  // Slack counts seconds; the field has a date and a time, which here are in UTC.
  if (kind === "datetimepicker") return Date.parse(`${field.value}Z`) / 1000;
  return several(kind) ? [field.value] : field.value;
}

document.addEventListener("change", (event) => {
  const field = event.target.closest("[data-action-id]");
  if (!field) return;
  const input = field.closest(".block.input");
  if (input && !("dispatch" in input.dataset)) return;
  const value = valueOf(field);
  if (value !== null) click(field, value);
});

export function showModals() {
  for (const dialog of by("modals").querySelectorAll("dialog:not([open])")) {
    dialog.showModal();
    dialog.querySelector(".view-body .field, .view-body input, .view-body button")?.focus();
  }
}

export function closeModal(dialog) {
  const view = dialog.querySelector("[data-view-id]").dataset.viewId;
  dialog.close();
  return act({ do: "close", view });
}

// Esc; the event does not bubble, but it can be caught on its way down.
document.addEventListener(
  "cancel",
  (event) => {
    if (!event.target.matches("dialog.modal")) return;
    event.preventDefault();
    closeModal(event.target);
  },
  true,
);

document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches("form[data-view-id]")) submitModal(event.target);
});

// What the fields of a view hold by now.
function valuesOf(view) {
  const values = {};
  for (const field of view.querySelectorAll("[data-action-id]:not([data-kind='button'], [data-kind='overflow'])")) {
    const { blockId, actionId } = field.dataset;
    (values[blockId] ??= {})[actionId] = valueOf(field);
  }
  return values;
}

async function submitModal(form) {
  const values = valuesOf(form);
  const empty = [...form.querySelectorAll(":invalid:not(fieldset)")].map((field) => [
    field.dataset.blockId ?? field.closest("[data-block-id]")?.dataset.blockId,
    field.validationMessage,
  ]);
  if (empty.length) return showErrors(form, Object.fromEntries(empty));
  showErrors(form, {});
  const answer = await act({ do: "submit", view: form.dataset.viewId, values });
  showErrors(form, answer.errors ?? {});
}

function showErrors(form, errors) {
  for (const place of form.querySelectorAll("[data-error]")) {
    const sentence = errors[place.dataset.error];
    place.hidden = !sentence;
    place.textContent = sentence ?? "";
  }
  form.querySelector(".block.input:has([data-error]:not([hidden])) .field")?.focus();
}
