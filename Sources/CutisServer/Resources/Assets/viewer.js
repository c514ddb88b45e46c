// How strongly the heat map covers the photo.

const slider = document.querySelector("[data-opacity]");
const shown = document.querySelector("[data-opacity-value]");

function apply() {
  shown.textContent = `${slider.value} %`;
  for (const map of document.querySelectorAll(".attention-map")) map.style.opacity = slider.value / 100;
}

if (slider) {
  slider.addEventListener("input", apply);
  apply();
}
