// The queue of a tablet that is a station device: entries signed, numbered and chained as docs/offline.md says. Each is on
// the disk before the member is told anything. The private key can sign and cannot be read, not even by a script of ours.

const NAME = "timebank-station";
const FIRST = "0".repeat(64);
const ALGORITHM = "Ed25519";
const KEPT_ANSWERS = 500;
const LOCK = "timebank-station";

const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("device");
    asked.result.createObjectStore("entries", { keyPath: "seq" });
    asked.result.createObjectStore("answers", { keyPath: "seq" });
  };
  asked.onsuccess = () => {
    asked.result.onversionchange = () => asked.result.close();
    resolve(asked.result);
  };
  asked.onerror = () => reject(asked.error);
});
opened.catch(() => {});

// One transaction: what `work` asks of the stores is there, and on the disk, when this is over.
async function inOne(stores, mode, work) {
  const transaction = (await opened).transaction(stores, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("not kept"));
  });
  const asked = work(...stores.map((name) => transaction.objectStore(name)));
  await done;
  return asked?.result;
}

export const device = () => inOne(["device"], "readonly", (store) => store.get("own"));
export const waiting = () => inOne(["entries"], "readonly", (store) => store.getAll());
export const answers = () => inOne(["answers"], "readonly", (store) => store.getAll());
export const forget = () => inOne(["answers"], "readwrite", (store) => store.clear());

export async function newKey() {
  const pair = await crypto.subtle.generateKey({ name: ALGORITHM }, false, ["sign", "verify"]);
  return { own: pair.privateKey, shown: base64(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

export async function isAble() {
  try {
    await newKey();
    await opened;
    return Boolean(navigator.locks);
  } catch {
    return false;
  }
}

// What an earlier device on this browser kept must have been sent before.
export function become(id, name, bank, key) {
  const own = { id, name, bank, key, seq: 0, prior: FIRST, latest: "" };
  return inOne(["device", "answers"], "readwrite", (store, said) => {
    said.clear();
    return store.put(own, "own");
  });
}

// How far the server's clock was ahead when this tablet last asked.
export function remember(offset) {
  return navigator.locks.request(LOCK, async () => {
    const own = await device();
    if (own) await inOne(["device"], "readwrite", (store) => store.put({ ...own, offset }, "own"));
  });
}

// One window at a time adds: the number, the chain and the entry are kept together or not at all.
export function add({ kind, session, station, memberCode, card, outcome, offset, subject }) {
  return navigator.locks.request(LOCK, async () => {
    const own = await device();
    const at = new Date().toISOString();
    const entry = {
      activity_session_id: session,
      at,
      card,
      kind,
      latest: own.latest || at,
      member_code: memberCode,
      offset_ms: offset === null ? null : Math.round(offset),
      outcome,
      prior: own.prior,
      seq: own.seq + 1,
      station_id: station,
    };
    const bytes = signed(own.id, entry);
    const signature = base64(await crypto.subtle.sign(ALGORITHM, own.key, bytes));
    const prior = hex(await crypto.subtle.digest("SHA-256", bytes));
    const latest = own.latest > at ? own.latest : at;
    await inOne(["device", "entries"], "readwrite", (store, entries) => {
      entries.add({ seq: entry.seq, device: own.id, subject, sent: { ...entry, signature } });
      store.put({ ...own, seq: entry.seq, prior, latest }, "own");
    });
    return entry;
  });
}

// What was answered is kept without code and card: only that it happened, and what came of it.
export function settle(said) {
  return navigator.locks.request(LOCK, async () => {
    const entries = new Map((await waiting()).map((each) => [each.seq, each]));
    const old = await answers();
    await inOne(["entries", "answers"], "readwrite", (store, kept) => {
      for (const { seq, outcome, sentence } of said) {
        const entry = entries.get(seq);
        if (!entry) continue;
        store.delete(seq);
        kept.put({ seq, outcome, sentence, at: entry.sent.at, kind: entry.sent.kind, subject: entry.subject });
      }
      for (const { seq } of old.slice(0, Math.max(0, old.length + said.length - KEPT_ANSWERS))) kept.delete(seq);
    });
  });
}

// The fields in the order of their names, as they were put together above, with the device's between.
function signed(id, entry) {
  const { activity_session_id, at, card, ...rest } = entry;
  const text = JSON.stringify({ activity_session_id, at, card, device_id: id, ...rest });
  return new TextEncoder().encode(`timebank/scan/1\n${text}`);
}

const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
