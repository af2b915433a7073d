// Small services to a page that works without them: the design system's parts in what htmx swaps
// in, focus on what changed, and an honest sentence when nothing was saved.
import { initAll } from "../vendor/nhsuk-frontend-10.6.1/nhsuk-frontend.min.js";

const NOT_REACHED =
  "Not saved: the register could not be reached. What you typed is still on this page.";

const SIGNED_OUT =
  "You are no longer signed in. What you typed is still on this page: copy it before you leave.";
const STILL_HERE_EVERY = 60_000; // milliseconds; typing is activity, and keeps the session alive
let lastTold = Date.now();

async function tellStillHere() {
  if (Date.now() - lastTold < STILL_HERE_EVERY) return;
  lastTold = Date.now();
  const answer = await fetch("/still-here", { redirect: "manual" }).catch(() => null);
  if (answer && answer.status !== 204) say(SIGNED_OUT);
}

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

// What long work is at, read out once for each change and not at each look.
function tell(root) {
  const said = root.querySelector?.("[data-status]")?.textContent.trim();
  const status = document.getElementById("status");
  if (said && said !== status.textContent) status.textContent = said;
}

function sentencesOf(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const title = page.querySelector("h1")?.textContent ?? "Not saved";
  const rest = [...page.querySelectorAll("[data-sentences] p")].map((p) => p.textContent.trim());
  return [`${title.trim()}.`, ...rest].join(" ");
}

// The secret of a link stands after its #, which is sent to nobody: it goes into the form instead.
function takeFragment() {
  const place = document.querySelector("[data-from-fragment] input");
  if (!place || location.hash.length < 2) return;
  place.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

takeFragment();
initAll();
focusIn(document);
tell(document);

if (document.querySelector("input[name=csrf]")) {
  document.addEventListener("input", tellStillHere);
}

document.addEventListener("htmx:beforeRequest", () => say(""));
document.addEventListener("htmx:afterSettle", (event) => {
  initAll({ scope: event.detail.elt });
  focusIn(event.detail.elt);
  tell(event.detail.elt);
});
document.addEventListener("htmx:responseError", (event) => {
  say(sentencesOf(event.detail.xhr.responseText));
});
document.addEventListener("htmx:sendError", () => say(NOT_REACHED));
