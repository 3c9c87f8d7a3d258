// Three short sounds, made here: taken, refused, done. They can be turned off; the choice stays on this device.

const KEPT = "till.sound";
// [hertz, from, for]: seconds
const TUNES = {
  taken: [[1180, 0, 0.07]],
  refused: [[230, 0, 0.16], [170, 0.2, 0.3]],
  done: [[660, 0, 0.1], [880, 0.11, 0.1], [1320, 0.22, 0.22]],
};
const LOUD = 0.25;

let context;

export const isOn = () => localStorage.getItem(KEPT) !== "off";

export function turn() {
  localStorage.setItem(KEPT, isOn() ? "off" : "on");
  play("taken");
}

export function play(name) {
  if (!isOn() || !globalThis.AudioContext) return;
  context ??= new AudioContext();
  context.resume();
  for (const [hertz, from, long] of TUNES[name]) {
    const start = context.currentTime + from;
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = name === "refused" ? "square" : "sine";
    tone.frequency.value = hertz;
    gain.gain.setValueAtTime(LOUD, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + long);
    tone.connect(gain).connect(context.destination);
    tone.start(start);
    tone.stop(start + long);
  }
}
