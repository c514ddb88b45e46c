// The chosen photo is shown and judged before it is sent.

const form = document.querySelector("[data-upload]");
const drop = form.querySelector("[data-drop]");
const preview = form.querySelector("[data-preview]");
const hint = form.querySelector("[data-hint]");
const quality = form.querySelector("[data-quality]");
const pickers = [...form.querySelectorAll("[data-picker]")];
const types = ["image/jpeg", "image/png"];
let question = null;

for (const picker of pickers) {
  picker.addEventListener("change", () => {
    if (!picker.files.length) return;
    for (const other of pickers) if (other !== picker) other.value = "";
    show(picker.files[0]);
  });
}

for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  const file = event.dataTransfer.files[0];
  if (!file) return;
  const files = new DataTransfer();
  files.items.add(file);
  for (const picker of pickers) picker.value = "";
  pickers.at(-1).files = files.files;
  show(file);
});

function show(file) {
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.hidden = false;
  hint.hidden = true;
  drop.classList.add("filled");
  if (types.includes(file.type)) {
    judge(file);
  } else {
    say("refused", quality.dataset.type);
  }
}

// A file that is no photo shows nothing; what is wrong with it is said below.
preview.addEventListener("error", () => {
  preview.hidden = true;
  hint.hidden = false;
  drop.classList.remove("filled");
});

// Asks the service what it thinks of the photo; the answer to an earlier photo is not waited for.
async function judge(file) {
  question?.abort();
  question = new AbortController();
  say("", quality.dataset.checking);
  try {
    const response = await fetch("/api/v1/quality", {
      method: "POST",
      headers: { "Content-Type": file.type, "X-CSRF-Token": form.elements.csrf_token.value },
      body: file,
      signal: question.signal,
    });
    const answer = await response.json();
    if (!response.ok) {
      say("refused", answer.detail ?? quality.dataset.failed, [answer.remedy].filter(Boolean));
      return;
    }
    const findings = answer.findings;
    const advice = findings.map((finding) => `${finding.message} ${finding.remedy}`);
    if (!findings.length) say("good", quality.dataset.good);
    else if (answer.acceptable) say("warning", quality.dataset.warning, advice);
    else say("refused", quality.dataset.refused, advice);
  } catch (error) {
    if (error.name !== "AbortError") say("warning", quality.dataset.failed);
  }
}

function say(kind, text, advice = []) {
  quality.className = `quality ${kind}`;
  const title = document.createElement("strong");
  title.textContent = text;
  quality.replaceChildren(title);
  if (!advice.length) return;
  const list = document.createElement("ul");
  for (const line of advice) {
    const item = document.createElement("li");
    item.textContent = line;
    list.append(item);
  }
  quality.append(list);
}
