// The queue by keyboard. Without this file every row is still a button in a form.
const rows = () => [...document.querySelectorAll("#queue button.row")];

const typing = (target) => target.closest("input, select, textarea, [contenteditable]");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "ArrowDown" || event.key === "j") move(1);
  else if (event.key === "ArrowUp" || event.key === "k") move(-1);
  else if (event.key === "Home") move(-Infinity);
  else if (event.key === "End") move(Infinity);
  else if (event.key === "Enter" && event.shiftKey) document.querySelector("form.next button:not(:disabled)")?.click();
  else if (event.key === "/") document.querySelector("#find")?.focus();
  else return;
  event.preventDefault();
});

document.documentElement.classList.add("js");
