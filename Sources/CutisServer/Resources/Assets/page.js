// What every page does with JavaScript; all of it works without.

document.documentElement.classList.add("scripted");

// Times are sent in UTC and shown in the reader's own zone, in the page's language as the reader's country writes it.
const language = document.documentElement.lang;
const locale = navigator.languages.find((name) => name.split("-")[0] === language) ?? language;
for (const time of document.querySelectorAll("time[data-time]")) {
  const date = new Date(time.dateTime);
  if (Number.isNaN(date.valueOf())) continue;
  const options = time.dataset.time === "date" ? { dateStyle: "long" } : { dateStyle: "medium", timeStyle: "short" };
  time.textContent = new Intl.DateTimeFormat(locale, options).format(date);
}

// A problem is read out and reached first.
document.querySelector("[data-focus]")?.focus();

// A form is sent once; the button says what happens meanwhile. aria-disabled keeps the focus where it is.
for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (!button) return;
    button.dataset.idle = button.textContent;
    button.textContent = form.dataset.busy;
    button.setAttribute("aria-disabled", "true");
  });
}

// A page that comes back from the browser's cache can be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      button.textContent = button.dataset.idle;
    }
  }
});

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.copied;
    } catch {
      // Without leave to write to the clipboard the text stays selected, to be copied by hand.
    }
  });
}
