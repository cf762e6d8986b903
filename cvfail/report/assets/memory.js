// Which boxes of a checklist are ticked, kept in the browser; where it may not keep anything, nothing is said.

/** Remembers ticks under a name for the content of this report: `has(key)`, `set(key, on)`. */
function tickMemory({ title, counts, operating_point: point, headline, sources }) {
  const name = `cvfail ${fingerprint(JSON.stringify([title, counts, point, headline, sources]))}`;
  const ticked = new Set(readTicks(name));
  return {
    has: (key) => ticked.has(key),
    set(key, on) {
      if (on) ticked.add(key);
      else ticked.delete(key);
      keepTicks(name, [...ticked]);
    },
  };
}

function readTicks(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(name) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

function keepTicks(name, keys) {
  try {
    localStorage.setItem(name, JSON.stringify(keys));
  } catch {
    // A sandboxed frame, or storage that is closed or full.
  }
}

/** FNV-1a of a text, as hexadecimal digits. */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (let place = 0; place < text.length; place += 1)
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193) >>> 0;
  return hash.toString(16);
}
