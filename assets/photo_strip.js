// The photo strip. Its value is the key of the chosen photograph; names and credits go in as text, never as markup.
const find = (selector) => element.querySelector(selector);
const row = find(".strip-photos");
const known = new Map();

function say(sentence) {
  find(".strip-error").textContent = sentence;
  find(".strip").classList.toggle("failed", sentence !== "");
}

function tile(photo) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "strip-photo";
  button.setAttribute("role", "radio");
  button.setAttribute("aria-label", photo.name);
  button.title = photo.name;
  button.dataset.key = photo.key;
  button.addEventListener("click", () => choose(photo.key));
  known.set(photo.key, photo);
  if (photo.src) paint(button, photo.src);
  button.classList.toggle("broken", Boolean(photo.error));
  return button;
}

function paint(button, src) {
  const picture = document.createElement("img");
  picture.alt = "";
  picture.src = src;
  button.replaceChildren(picture);
  window.lab.setThumb(button.dataset.key, src);
}

function choose(key) {
  say("");
  for (const button of row.children) {
    const chosen = button.dataset.key === key;
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
    if (chosen) button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const photo = known.get(key);
  find(".strip-credit").textContent = [photo.name, photo.credit, photo.terms].filter(Boolean).join(" · ");
  props.value = key;
  window.lab.set({ photo: key });
  window.lab.choose(key);
}

function addUpload(photo) {
  let button = [...row.children].find((one) => one.dataset.key === photo.key);
  if (!button) {
    button = tile(photo);
    row.prepend(button);
  }
  paint(button, photo.src);
  choose(photo.key);
}

// A tab asks for a photograph by its key: it may be one of a large folder, of which the strip shows only some.
document.addEventListener("lab:choose", async (event) => {
  if (known.has(event.detail)) return choose(event.detail);
  const photo = await server.thumb(event.detail);
  if (photo.error) say(photo.error);
  else addUpload(photo);
});

async function take(file) {
  say("");
  find(".strip").classList.add("busy");
  try {
    const { path } = await upload(file);
    const photo = await server.take({ path });
    if (photo.error) say(photo.error);
    else addUpload({ ...photo, name: file.name || photo.name });
  } catch (error) {
    say("The upload did not reach the lab: the file may be too large (the limit is 60 MB), or the lab was stopped.");
  } finally {
    find(".strip").classList.remove("busy");
    find(".strip-file").value = "";
  }
}

function takeFirst(files) {
  if (files && files.length) take(files[0]);
}

find("[data-do=upload]").addEventListener("click", () => find(".strip-file").click());
find(".strip-file").addEventListener("change", (event) => takeFirst(event.target.files));

// Arrow keys move along the strip, as in any radio group.
row.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const tiles = [...row.children];
  const next = tiles[(tiles.indexOf(document.activeElement) + step + tiles.length) % tiles.length];
  next.focus();
  choose(next.dataset.key);
});

// Drop a photo anywhere on the page, or paste one.
let depth = 0;
const carriesFile = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
const dropping = (on) => find(".drop-here").classList.toggle("on", on);
document.addEventListener("dragenter", (event) => { if (carriesFile(event)) { depth += 1; dropping(true); } });
document.addEventListener("dragleave", (event) => { if (carriesFile(event)) { depth -= 1; dropping(depth > 0); } });
document.addEventListener("dragover", (event) => { if (carriesFile(event)) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  depth = 0;
  dropping(false);
  if (!carriesFile(event)) return;
  event.preventDefault();
  takeFirst(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => takeFirst(event.clipboardData && event.clipboardData.files));

// Webcam.
const dialog = find(".webcam");
const video = find("video");
function stopWebcam() {
  if (video.srcObject) video.srcObject.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
}
find("[data-do=webcam]").addEventListener("click", async () => {
  find(".webcam-error").textContent = "";
  find("[data-do=shoot]").disabled = true;
  dialog.showModal();
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 960 } });
    await video.play();
    find("[data-do=shoot]").disabled = false;
  } catch (error) {
    find(".webcam-error").textContent = "The browser gives no picture: allow the camera for this page, or upload a photo instead.";
  }
});
find("[data-do=shoot]").addEventListener("click", () => {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  dialog.close();
  canvas.toBlob((blob) => take(new File([blob], "Webcam photo.jpg", { type: "image/jpeg" })), "image/jpeg", 0.95);
});
find("[data-do=close]").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", stopWebcam);

// Start: tiles first, then the photograph of the link, then the pictures of one's own folder, one after another.
async function start() {
  await new Promise((done) => setTimeout(done, 0)); // a value set while Gradio still mounts the page does not reach Python
  for (const photo of props.photos) row.append(tile(photo));
  const wanted = window.lab.get("photo");
  if (known.has(wanted)) {
    choose(wanted);
  } else {
    const photo = wanted ? await server.thumb(wanted) : null;
    if (photo && !photo.error) {
      addUpload(photo);
    } else {
      await chooseFirst();
      say(photo ? photo.error : "");
    }
  }
  for (const button of [...row.children]) await readable(button);
}
// The page does not open with a file of the folder that is no picture.
async function chooseFirst() {
  for (const button of [...row.children]) {
    const found = await readable(button);
    if (window.lab.photo) return; // a hand was quicker
    if (found) return choose(button.dataset.key);
  }
  choose(props.value);
}
async function readable(button) {
  if (button.firstChild || button.classList.contains("broken")) return Boolean(button.firstChild);
  const photo = await server.thumb(button.dataset.key);
  if (photo.error) button.classList.add("broken");
  else paint(button, photo.src);
  return !photo.error;
}
start();
