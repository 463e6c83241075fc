// What a person does, sent to the server; and what the server says about it when it could not be done.

export const page = document.body.dataset;
export const by = (id) => document.getElementById(id);

export async function act(what) {
  let answer;
  try {
    const response = await fetch("/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ as: page.me, channel: page.channel, ...what }),
    });
    answer = await response.json();
  } catch {
    answer = { ok: false, error: "The workspace does not answer. Is it still running?" };
  }
  if (answer.error) say(answer.error);
  return answer;
}

let saying;
export function say(sentence) {
  const toast = by("said");
  toast.textContent = sentence;
  // Shown again, so that it stands above a modal that was opened in between.
  toast.hidePopover();
  toast.showPopover();
  clearTimeout(saying);
  saying = setTimeout(() => toast.hidePopover(), 7000);
}
