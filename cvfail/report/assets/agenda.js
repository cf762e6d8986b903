// All modes that stand out on one screen: what, how much, why, and what to do first.

const MODES_FOR_AGENDA = 3;

/** A table of the modes that stand out, each leading to its card; null where the cards are few. */
function agenda(modes, turns) {
  if (modes.length < MODES_FOR_AGENDA) return null;
  const largest = Math.max(...modes.map((mode) => mode.excess.upper ?? mode.excess.estimate ?? 0));
  return sortableTable({
    caption: "What to fix, in order",
    rows: modes,
    onOpen: (mode) => (turns.finish(), goToCard(mode.rank)),
    columns: [
      {
        label: "What to fix, in order",
        kind: "text",
        value: (mode) => -mode.rank,
        raw: (mode) => mode.title,
        cell: (mode) =>
          element("span", { class: "ranked" }, element("i", {}, String(mode.rank)), element("span", {}, ...modeHeading(mode))),
      },
      {
        label: "Errors in excess",
        title: "Beyond what the rate elsewhere would give, with the 95% interval",
        kind: "chart",
        value: (mode) => mode.excess.estimate,
        interval: ({ excess }) => [excess.lower, excess.upper],
        cell: ({ excess: { estimate, lower, upper } }) =>
          estimate === null
            ? NOTHING
            : barCell(formatCount(estimate), Math.max(0, estimate), largest, "", lower === null || upper === null ? null : [lower, upper]),
      },
      { label: "Main cause", value: (mode) => largestCause(mode)?.title ?? null, cell: mainCause },
      {
        label: "First action",
        value: (mode) => firstAction(mode)?.title ?? null,
        cell: (mode) => firstAction(mode)?.title ?? NOTHING,
      },
      {
        label: "F1 gained",
        title: "By the first action, over everything",
        kind: "number",
        value: (mode) => firstAction(mode)?.f1_gain ?? null,
        cell: firstGain,
      },
    ],
  });
}

/** The first action that is predicted to gain something, else the first of all; null where there is none. */
function firstAction({ interventions }) {
  return interventions.find((action) => action.f1_gain > 0) ?? interventions[0] ?? null;
}

function firstGain(mode) {
  const first = firstAction(mode);
  if (first === null || first.f1_gain === null) return NOTHING;
  const sign = first.f1_gain < 0 ? "−" : "+";
  return `${first.basis === "at most" ? "≤ " : ""}${sign}${formatScore(Math.abs(first.f1_gain))}`;
}

/** Opens what the card is folded into, and moves there. */
function goToCard(rank) {
  const card = document.getElementById(`mode-${rank}`);
  for (const folded of [card.closest("details"), card.querySelector(".explained")])
    if (folded !== null) folded.open = true;
  card.scrollIntoView();
  card.querySelector("button.open").focus({ preventScroll: true });
}
