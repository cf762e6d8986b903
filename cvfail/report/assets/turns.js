// The first screen is drawn at once, the rest part by part when the browser has time, so that a large report answers soon.

const LONGEST_WAIT = 50;
const LONGEST_TURN = 12;

/**
 * Parts that wait for their turn: `add(draw)` lets one wait, `finish()` draws all that are left.
 *
 * Whoever goes to a part, prints, or comes back to where they were finds everything drawn.
 */
function drawingTurns() {
  const waiting = [];
  let asked = false;

  function add(draw) {
    waiting.push(draw);
    if (!asked) ask();
  }

  function ask() {
    asked = true;
    if (window.requestIdleCallback) requestIdleCallback(turn, { timeout: LONGEST_WAIT });
    else setTimeout(turn, 0);
  }

  /** At least one part, and as many as fit into less than a frame. */
  function turn() {
    asked = false;
    const end = performance.now() + LONGEST_TURN;
    do drawNext();
    while (waiting.length > 0 && performance.now() < end);
    if (waiting.length > 0) ask();
  }

  function drawNext() {
    waiting.shift()?.();
    if (waiting.length === 0) performance.mark("drawn");
  }

  function finish() {
    while (waiting.length > 0) drawNext();
  }

  document.addEventListener("click", (event) => event.target.closest('a[href^="#"]') && finish(), { capture: true });
  return { add, finish };
}

/** Whether the browser will look for a place further down: a part that the address names, or where one was before. */
function opensFurtherDown() {
  const [visit] = performance.getEntriesByType("navigation");
  return location.hash !== "" || (visit !== undefined && visit.type !== "navigate");
}

/** A value that is made when it is first asked for. */
function made(make) {
  let known = null;
  return () => (known ??= { value: make() }).value;
}
