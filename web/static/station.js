// The station: eye and hand. Everything here is also reachable by the plain forms and links of the page.
document.documentElement.classList.add("js");

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (target) => target.closest("input:not([type=checkbox]), select, textarea");

// --- the paper -------------------------------------------------------------------------------------------

const seen = new Map(); // per page: { zoom, turn }
const sheet = () => $(".sheet:not([hidden])");
const stateOf = (figure) => {
  if (!seen.has(figure.id)) seen.set(figure.id, { zoom: 1, turn: 0 });
  return seen.get(figure.id);
};

function draw(figure) {
  const svg = $("svg.page", figure);
  if (!svg) return;
  const { zoom, turn } = stateOf(figure);
  const w = Number(svg.dataset.width), h = Number(svg.dataset.height);
  const sideways = turn % 180 !== 0;
  const [shownW, shownH] = sideways ? [h, w] : [w, h];
  svg.setAttribute("viewBox", `0 0 ${shownW} ${shownH}`);
  const glass = $(".glass", figure);
  const width = Math.round((glass.clientWidth || 560) * zoom);
  svg.setAttribute("width", width);
  svg.setAttribute("height", Math.round((width * shownH) / shownW));
  svg.classList.toggle("scaled", zoom !== 1);
  $(".turned", svg).setAttribute("transform", {
    0: "", 90: `translate(${h} 0) rotate(90)`, 180: `translate(${w} ${h}) rotate(180)`, 270: `translate(0 ${w}) rotate(270)`,
  }[turn]);
}

function zoom(figure, factor) {
  const state = stateOf(figure), glass = $(".glass", figure);
  if (!glass) return;
  const before = state.zoom;
  state.zoom = Math.min(6, Math.max(0.3, before * factor));
  const grown = state.zoom / before;
  const x = (glass.scrollLeft + glass.clientWidth / 2) * grown, y = (glass.scrollTop + glass.clientHeight / 2) * grown;
  draw(figure);
  glass.scrollTo(x - glass.clientWidth / 2, y - glass.clientHeight / 2);
}

const views = {
  in: (figure) => zoom(figure, 1.25),
  out: (figure) => zoom(figure, 0.8),
  turn: (figure) => { const state = stateOf(figure); state.turn = (state.turn + 90) % 360; draw(figure); },
  width: (figure) => { stateOf(figure).zoom = 1; draw(figure); },
  whole: (figure) => {
    const glass = $(".glass", figure), svg = $("svg.page", figure);
    if (!glass) return;
    const { turn } = stateOf(figure);
    const ratio = turn % 180 ? svg.dataset.width / svg.dataset.height : svg.dataset.height / svg.dataset.width;
    const room = parseFloat(getComputedStyle(glass).maxHeight) || glass.clientHeight;
    stateOf(figure).zoom = Math.min(1, room / (glass.clientWidth * ratio));
    draw(figure);
  },
};

function showSheet(id) {
  $$(".sheet").forEach((figure) => { figure.hidden = figure.id !== `sheet-${id}`; });
  $$(".tabs a").forEach((tab) => {
    if (tab.dataset.sheet === id) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  });
  if (sheet()) draw(sheet());
}

function light(row) {
  $$("svg.page .box.current").forEach((box) => box.classList.remove("current"));
  $$("svg.page .dim").forEach((dim) => dim.setAttribute("d", ""));
  if (!row?.dataset.box || !row.dataset.page) return;
  showSheet(row.dataset.page);
  const figure = sheet(), svg = figure && $("svg.page", figure);
  if (!svg) return;
  const [x, y, w, h] = row.dataset.box.split(" ").map(Number);
  const m = 1.5, W = svg.dataset.width, H = svg.dataset.height;
  $(".dim", svg).setAttribute("d", `M0 0H${W}V${H}H0ZM${x - m} ${y - m}H${x + w + m}V${y + h + m}H${x - m}Z`);
  const box = $$(".box", svg).find((one) => one.dataset.field === row.dataset.key);
  if (!box) return;
  box.classList.add("current");
  const glass = $(".glass", figure), here = box.getBoundingClientRect(), frame = glass.getBoundingClientRect();
  if (here.top < frame.top + 24 || here.bottom > frame.bottom - 24 || here.left < frame.left || here.right > frame.right) {
    glass.scrollBy(here.left + here.width / 2 - frame.left - frame.width / 2, here.top + here.height / 2 - frame.top - frame.height / 2);
  }
}

// --- the fields ------------------------------------------------------------------------------------------

const current = () => $(".value.current");

function choose(row, { focus = true } = {}) {
  if (!row) return;
  $$(".value.current").forEach((one) => one.classList.remove("current"));
  row.classList.add("current");
  light(row);
  row.scrollIntoView({ block: "nearest" });
  if (focus && !row.contains(document.activeElement)) row.focus({ preventScroll: true });
}

function step(by) {
  const all = $$(".value"), doubtful = all.filter((row) => row.classList.contains("doubtful"));
  const among = doubtful.length ? doubtful : all;
  const at = all.indexOf(current());
  const after = by > 0 ? among.find((row) => all.indexOf(row) > at) : among.findLast((row) => all.indexOf(row) < at);
  choose(after ?? (by > 0 ? among[0] : among.at(-1)));
}

const say = (text, kind = "error") => {
  const note = document.createElement("p");
  note.className = `note ${kind}`;
  note.textContent = text;
  if (kind === "error") note.setAttribute("role", "alert");
  $("#flash").replaceChildren(note);
};

// A step on the same task swaps the desk in place, so that the paper stays where the eye is.
async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form));
  if (submitter?.name) body.set(submitter.name, submitter.value);
  let answer;
  try {
    // Not form.action: a button named "action" stands in its place.
    answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { accept: "text/html" } });
  } catch {
    say(document.documentElement.lang === "en" ? "The network does not answer. Nothing was saved." : "通信できません。保存されていません。もう一度送ってください。");
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fault = $("[data-error]", page);
  if (fault) {
    say(fault.textContent);
    if (answer.status === 409) {
      const again = document.createElement("a");
      again.href = location.pathname;
      again.textContent = document.documentElement.lang === "en" ? " Open the newest state" : " 最新の内容を開く";
      $("#flash .note").append(again);
    }
    $("#flash").scrollIntoView({ block: "nearest" });
    return;
  }
  const place = new URL(answer.url);
  if (place.pathname !== location.pathname || !$("#station-side", page)) {
    location.assign(place.pathname + place.search);
    return;
  }
  for (const id of ["station-side", "station-head", "flash"]) $(`#${id}`).replaceWith($(`#${id}`, page));
  const waiting = $(".top nav .count"), fresh = $(".top nav .count", page);
  if (waiting && fresh) waiting.textContent = fresh.textContent;
  prepare();
  if (current()) choose(current());
  else $("#decide")?.focus();
}

// --- hands -----------------------------------------------------------------------------------------------

function press(selector, root = document) {
  const button = $(selector, root);
  if (button) button.click();
  return Boolean(button);
}

function editorOf(row) {
  const fold = $("details.mend", row);
  if (fold) fold.open = true;
  return $(".edit [name=raw]", row);
}

// A person is judged only while their own lines have the focus; the first press leads there.
function judge(answer) {
  const here = document.activeElement.closest(".candidate");
  if (here) return press(`button[value=${answer}]`, here);
  const first = $(".panel.doubtful .candidate:not(.said-not) button");
  first?.focus();
  first?.closest(".panel").scrollIntoView({ block: "nearest" });
}

const keys = {
  n: () => step(1),
  p: () => step(-1),
  a: () => {
    const form = current() && $(".edit", current());
    if (!form || !current().matches(".doubtful:not(.flagged)")) return step(1);
    const body = document.createElement("button");
    body.name = "action";
    body.value = "accept";
    return send(form, body);
  },
  e: () => { const field = current() && editorOf(current()); field?.focus(); field?.select?.(); },
  Enter: () => keys.a(),
  "+": () => sheet() && views.in(sheet()),
  ";": () => sheet() && views.in(sheet()),
  "-": () => sheet() && views.out(sheet()),
  r: () => sheet() && views.turn(sheet()),
  w: () => sheet() && views.width(sheet()),
  s: () => judge("same"),
  x: () => judge("not_same"),
  g: () => {
    const here = document.activeElement.closest(".candidate, .panel");
    if (here) return press("details.grounds > summary", here);
    return press(".panel.doubtful details.grounds > summary") || press("details.grounds > summary");
  },
  d: () => { const box = $("#decide"); box?.scrollIntoView({ block: "center" }); box && $("button.primary", box)?.focus(); },
  h: () => press("[data-key=h]"),
  "?": () => { const map = $("#keys"); map.open = !map.open; map.scrollIntoView({ block: "nearest" }); },
};
for (const number of ["1", "2", "3"]) {
  keys[number] = () => current() && press(`[data-alt="${number}"]`, current());
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && typing(event.target)) { event.target.blur(); current()?.focus(); return; }
  if (typing(event.target) || (event.key === "Enter" && event.target.closest("a, button, summary"))) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("#station-side form")) return;
  event.preventDefault();
  if (form.dataset.sent) return; // a double click is one decision
  form.dataset.sent = "1";
  send(form, event.submitter).finally(() => delete form.dataset.sent);
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest(".value");
  if (row && row !== current()) choose(row, { focus: false });
});

document.addEventListener("click", (event) => {
  const box = event.target.closest("svg.page .box");
  const link = event.target.closest("a[data-field]");
  const tab = event.target.closest("a[data-sheet]");
  const tool = event.target.closest("button[data-view]");
  const row = event.target.closest(".value");
  if (box || link) {
    event.preventDefault();
    choose($$(".value").find((one) => one.dataset.key === (box ?? link).dataset.field));
  } else if (tab) {
    event.preventDefault();
    showSheet(tab.dataset.sheet);
  } else if (tool && sheet()) views[tool.dataset.view](sheet());
  else if (row && row !== current()) choose(row, { focus: !event.target.closest("a, button, input, select, summary") });
});

let held = null;
document.addEventListener("pointerdown", (event) => {
  const glass = event.target.closest(".glass");
  if (!glass || event.button !== 0 || event.pointerType === "touch" || event.target.closest(".box")) return;
  held = { glass, x: event.clientX, y: event.clientY, left: glass.scrollLeft, top: glass.scrollTop };
  glass.classList.add("held");
  event.preventDefault();
});
document.addEventListener("pointermove", (event) => {
  if (held) held.glass.scrollTo(held.left - event.clientX + held.x, held.top - event.clientY + held.y);
});
document.addEventListener("pointerup", () => { held?.glass.classList.remove("held"); held = null; });
document.addEventListener("wheel", (event) => {
  const glass = event.target.closest(".glass");
  if (!glass || !event.ctrlKey) return;
  event.preventDefault();
  zoom(glass.closest(".sheet"), event.deltaY < 0 ? 1.1 : 0.9);
}, { passive: false });
addEventListener("resize", () => sheet() && draw(sheet()));

// While the page is used the task stays in these hands; a page left open falls back to the queue.
let used = Date.now();
for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => { used = Date.now(); });
setInterval(() => {
  const form = $("form[action$='/release']");
  if (!form || Date.now() - used > 240_000) return;
  fetch(form.getAttribute("action").replace(/release$/, "renew"), { method: "POST", body: new URLSearchParams(new FormData(form)) })
    .then((answer) => { if (answer.status === 409) say(document.documentElement.lang === "en" ? "Somebody else took this task." : "ほかの人がこの作業を担当しました。画面を開き直してください。"); })
    .catch(() => {});
}, 240_000);

function prepare() {
  if (sheet()) draw(sheet());
}
prepare();
if (current()) { choose(current()); }
