// Passkeys: a form marked data-passkey asks the register what to sign (at that address), has the
// device sign it, and carries the answer in its field data-answer. Without JavaScript or passkeys
// such forms stay hidden, and the sentence beside them says what to do instead.
const able = Boolean(
  window.PublicKeyCredential?.parseRequestOptionsFromJSON &&
    window.PublicKeyCredential?.parseCreationOptionsFromJSON,
);

function reveal(root) {
  if (!able) return;
  for (const form of root.querySelectorAll("form[data-passkey]")) form.hidden = false;
  for (const sentence of root.querySelectorAll("[data-passkey-missing]")) sentence.hidden = true;
}

function say(form, text) {
  const place = form.querySelector("[data-passkey-said]");
  place.textContent = text;
  place.hidden = text === "";
}

async function ask(form) {
  const csrf = form.querySelector("input[name=csrf]")?.value;
  const answer = await fetch(form.dataset.passkey, {
    method: "POST",
    body: new URLSearchParams(csrf ? { csrf } : {}),
    redirect: "manual",
  });
  if (answer.status === 429) {
    const seconds = answer.headers.get("Retry-After");
    throw new Error(`Too many attempts have failed. Try again in ${seconds} seconds`);
  }
  if (!answer.ok) throw new Error("This page has been open for too long. Open it again.");
  return answer.json();
}

async function sign(options) {
  const kind = PublicKeyCredential;
  const found = options.user
    ? await navigator.credentials.create({ publicKey: kind.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: kind.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(found);
}

function sentenceFor(error, options) {
  switch (error.name) {
    case "NotAllowedError":
    case "AbortError":
      return "No passkey was used: it was cancelled, took too long, or this device has none.";
    case "InvalidStateError":
      return "This device has a passkey for your account already.";
    case "SecurityError":
      return `Passkeys work only at ${options?.rpId ?? options?.rp?.id}: open the register there.`;
    case "TypeError":
      return "The register could not be reached. Nothing has been changed.";
    default:
      return error.message;
  }
}

async function answer(form) {
  const button = form.querySelector("button[type=submit]");
  let options;
  say(form, "");
  button.disabled = true;
  try {
    options = await ask(form);
    form.elements[form.dataset.answer].value = await sign(options);
    button.disabled = false;
    form.requestSubmit();
  } catch (error) {
    button.disabled = false;
    say(form, sentenceFor(error, options));
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-passkey]")) return;
  if (form.elements[form.dataset.answer].value) return;
  event.preventDefault();
  const empty = [...form.querySelectorAll("input[type=text]")].find((each) => !each.value.trim());
  if (empty) {
    say(form, `Fill in first: ${empty.labels[0].textContent.trim()}.`);
    empty.focus();
  } else {
    answer(form);
  }
});
document.addEventListener("htmx:afterSettle", (event) => reveal(event.detail.elt));
// Back from the next page a browser shows this one as it was: an answer serves once.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.elements[form.dataset.answer].value = "";
  }
});
reveal(document);
