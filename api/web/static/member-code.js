// The member's code, made here and without network: docs/codes.md has the layout.

const WINDOW_SECONDS = 30;
const MAC_BYTES = 10;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export const secondsLeft = (milliseconds) => WINDOW_SECONDS - (milliseconds / 1000) % WINDOW_SECONDS;

// `head` is the first bytes of every body, as the server said them.
export async function memberCode(key, head, milliseconds) {
  const window = Math.floor(milliseconds / 1000 / WINDOW_SECONDS);
  const body = [...head, ...[24, 16, 8, 0].map((shift) => (window >>> shift) & 0xff)];
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, new Uint8Array(body)));
  return base32([...body, ...mac.slice(0, MAC_BYTES)]);
}

// The key can sign and cannot be read out again, not even by a script of this page.
export function keyOf(seed) {
  return crypto.subtle.importKey("raw", seed, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

function base32(bytes) {
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.match(/.{1,5}/g).map((five) => BASE32[parseInt(five.padEnd(5, "0"), 2)]).join("");
}
