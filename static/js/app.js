// Small services to a page that works without them: the design system's parts in what htmx swaps
// in, focus on what changed, and an honest sentence when nothing was saved.
import { initAll } from "../vendor/nhsuk-frontend-10.6.1/nhsuk-frontend.min.js";

const NOT_REACHED =
  "Not saved: the register could not be reached. What you typed is still on this page.";

function focusIn(root) {
  const target = root.matches?.("[data-focus]") ? root : root.querySelector("[data-focus]");
  target?.focus();
}

function say(text) {
  const alert = document.getElementById("alert");
  alert.textContent = text;
  alert.hidden = text === "";
  if (text) alert.scrollIntoView({ block: "nearest" });
}

function sentencesOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const title = page.querySelector("h1")?.textContent ?? "Not saved";
  const rest = [...page.querySelectorAll("[data-sentences] p")].map((p) => p.textContent.trim());
  return [`${title.trim()}.`, ...rest].join(" ");
}

initAll();
focusIn(document);

document.addEventListener("htmx:beforeRequest", () => say(""));
document.addEventListener("htmx:afterSettle", (event) => {
  initAll({ scope: event.detail.elt });
  focusIn(event.detail.elt);
});
document.addEventListener("htmx:responseError", (event) => {
  say(sentencesOf(event.detail.xhr.responseText));
});
document.addEventListener("htmx:sendError", () => say(NOT_REACHED));
