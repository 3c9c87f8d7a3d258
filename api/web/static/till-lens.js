// The camera of a counter without a scanner gun: fetched when its block is opened first.

let lens = null;

// The camera's block is fitted out once, and moves from page to page with the basket of each; so it stays on.
export function keepLens(page) {
  const fresh = page.querySelector("[data-lens]");
  if (!lens) return null;
  if (!fresh) stopLens();
  else {
    lens.querySelector("[data-basket]").replaceWith(fresh.querySelector("[data-basket]"));
    fresh.replaceWith(lens);
  }
  const video = lens.querySelector("video");
  return video.srcObject ? video : null;
}

function stopLens() {
  if (lens?.querySelector("video").srcObject) lens.querySelector("[data-camera-stop]").click();
}

document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.("[data-lens]")) return;
  if (!target.open) stopLens();
  else if (!lens) {
    lens = target;
    import(target.dataset.script);
  }
}, true);
