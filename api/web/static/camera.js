// Reads a code with the camera, or from a photo, into a field, and sends the field's form. The decoder is fetched when
// it is first needed, from our own host; a phone without camera, or without script, sends a photo to the server instead.
// `parts/camera.html` is the block that this belongs to.

const FORMATS = ["QRCode", "EAN13", "EAN8", "Code128"];
const PAUSE = 120;
const WIDEST = 960;
const WIDEST_PHOTO = 2400;
const AGAIN_AFTER = 4000;

let decoder;

function fetchDecoder({ decoder: script, wasm }) {
  decoder ??= new Promise((ready, failed) => {
    const tag = document.createElement("script");
    tag.src = script;
    tag.onload = () => {
      globalThis.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm } });
      ready(globalThis.ZXingWASM);
    };
    tag.onerror = () => {
      decoder = undefined; // the line may be back when it is tried again
      failed(new Error("no decoder"));
    };
    document.head.append(tag);
  });
  return decoder;
}

async function read(zxing, canvas, source, width, height, widest) {
  const scale = Math.min(1, widest / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  const [found] = await zxing.readBarcodes(pixels, { formats: FORMATS, tryHarder: true, maxNumberOfSymbols: 1 });
  return found?.text;
}

function outfit(block) {
  const part = (name) => block.querySelector(`[data-camera-${name}]`);
  const [start, stop, live, video, said, photo] = ["start", "stop", "live", "video", "said", "photo"].map(part);
  const canvas = document.createElement("canvas");
  let stream;
  let last = "";
  let goneAt = 0; // since when what was taken last is not held up any more

  const say = (sentence = "") => {
    said.textContent = sentence;
    said.hidden = !sentence;
  };

  function close() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = video.srcObject = null;
    goneAt ||= Date.now();
    live.hidden = true;
    start.hidden = false;
  }

  function take(text) {
    const field = document.getElementById(block.dataset.camera);
    field.value = text;
    field.form.requestSubmit();
  }

  async function watch(zxing, own) {
    while (stream === own) {
      const text = video.videoWidth ? await read(zxing, canvas, video, video.videoWidth, video.videoHeight, WIDEST) : "";
      // A code that is still held up is the same code: it is taken once.
      if (stream === own && text && (text !== last || (goneAt && Date.now() - goneAt > AGAIN_AFTER))) {
        last = text;
        if (!("stays" in block.dataset)) close();
        take(text);
      }
      if (stream === own) goneAt = text === last ? 0 : goneAt || Date.now();
      await new Promise((resume) => setTimeout(resume, PAUSE));
    }
  }

  start.addEventListener("click", async () => {
    say(block.dataset.wait);
    start.hidden = true;
    let own;
    try {
      own = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      stream = own;
      video.srcObject = own;
      live.hidden = false;
      await video.play();
      const zxing = await fetchDecoder(block.dataset);
      say();
      await watch(zxing, own);
    } catch {
      if (stream !== (own ?? null) && own) return; // it was closed meanwhile
      close();
      say(own ? block.dataset.failed : block.dataset.denied);
      start.focus();
    }
  });
  stop.addEventListener("click", () => {
    close();
    say();
    start.focus();
  });
  addEventListener("pagehide", close);

  // A photo is read here if that works; if not, its button sends it to the server.
  photo.addEventListener("change", async () => {
    const [file] = photo.files;
    if (!file) return;
    say(block.dataset.wait);
    try {
      const zxing = await fetchDecoder(block.dataset);
      const image = await createImageBitmap(file);
      const text = await read(zxing, canvas, image, image.width, image.height, WIDEST_PHOTO);
      if (!text) throw new Error("no code");
      say();
      photo.value = "";
      take(text);
    } catch {
      say(block.dataset.unread);
    }
  });
  if (!navigator.mediaDevices?.getUserMedia) start.remove();
}

for (const block of document.querySelectorAll("[data-camera]")) outfit(block);
