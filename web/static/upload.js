// Handing in scans: says what was chosen, stops what is too large before it is sent, shows how far it has come.
const form = document.querySelector("form[data-limit]");
const english = document.documentElement.lang === "en";
const progress = document.querySelector("#progress");
const megabytes = (bytes) => `${(bytes / 1048576).toFixed(1)} MB`;

function tell(text, kind) {
  progress.hidden = false;
  progress.className = `note ${kind}`;
  progress.textContent = text;
}

const files = document.querySelector("#files");
const size = () => [...files.files].reduce((sum, file) => sum + file.size, 0);

files.addEventListener("change", () => {
  document.querySelector("#chosen").textContent = files.files.length
    ? `${files.files.length}${english ? " files, " : "ファイル、"}${megabytes(size())}` : "";
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (size() > Number(form.dataset.limit) * 1048576) {
    tell(english ? `At most ${form.dataset.limit} MB at a time. Please split the files.`
      : `一度に送れるのは${form.dataset.limit}MBまでです。ファイルを分けて送ってください。`, "error");
    return;
  }
  const button = form.querySelector("button.primary"), started = Date.now();
  button.disabled = true;
  const request = new XMLHttpRequest();
  request.open("POST", form.getAttribute("action"));
  request.responseType = "document";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const left = Math.round(((Date.now() - started) / 1000) * (total / loaded - 1));
    const share = Math.floor((100 * loaded) / total);
    tell(english ? `Sending ${share}% of ${megabytes(total)}, about ${left} s left`
      : `送信中 ${share}% (${megabytes(total)}) 残り約${left}秒`, "");
  });
  request.addEventListener("load", () => {
    const fault = request.response?.querySelector("[data-error]");
    if (fault) { tell(fault.textContent, "error"); button.disabled = false; return; }
    const place = new URL(request.responseURL);
    location.assign(place.pathname + place.search);
  });
  // The same form may be sent again: its key makes it the same batch.
  request.addEventListener("error", () => {
    tell(english ? "The network does not answer. Send again: nothing is taken twice." : "通信できません。もう一度送ってください。二重には登録されません。", "error");
    button.disabled = false;
  });
  request.send(new FormData(form));
});
