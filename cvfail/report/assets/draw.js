// How an example looks: the one place that knows how an object is drawn over its image.
// Truth is solid, predictions are dashed, those of a baseline dotted; the subject is thick and labelled, its neighbours are thin.

/** The SVG outline of an object, by its geometry; null where the task has none (classification). */
function outlineOf(object) {
  if (object.box === null) return null;
  const [x, y, width, height] = object.box;
  return { x, y, width, height, tag: "rect" };
}

/** The whole image as a window of 4 : 3, with margins where its shape differs. */
function wholeWindow(image) {
  const width = Math.max(image.width, (image.height * 4) / 3);
  const height = (width * 3) / 4;
  return [(image.width - width) / 2, (image.height - height) / 2, width, height];
}

/** Crops where there are pictures; without them a crop is an empty box, and the whole image says where it is. */
function usualView(report) {
  return report.picture_report.made > 0 ? "crop" : "whole";
}

/** An example as a picture with outlines and tags; `view` is "crop" or "whole". */
function drawExample(report, example, view, neighbours = true) {
  const image = report.images[example.image];
  const frame = view === "crop" && example.window !== null ? example.window : wholeWindow(image);
  const subjects = [example.truth, example.baseline, example.prediction, example.other]
    .filter((position) => position !== null)
    .map((position) => image.objects[position]);
  const around = neighbours ? image.objects.filter((object) => !subjects.includes(object)) : [];
  const drawing = graphic(
    "svg",
    { viewBox: frame.join(" "), role: "img", "aria-label": describeExample(report, example) },
    ...pictureLayers(report, example, image, view),
    ...around.flatMap((object) => outlines(object, "neighbour")),
    ...subjects.flatMap((object) => outlines(object, "subject")),
  );
  const named = subjects.filter((object) => object.kind !== "baseline" || example.prediction === null);
  const tags = named.map((object, place) => tagOf(report, object, frame, place > 0));
  return element("div", { class: "picture" }, drawing, ...tags);
}

/** The picture of the whole image or an empty frame, and over it the sharper picture of the crop. */
function pictureLayers(report, example, image, view) {
  const frame = { class: "empty", x: 0, y: 0, width: image.width, height: image.height };
  const layers = [image.picture === null ? graphic("rect", frame) : pictureAt(report, image.picture)];
  if (view === "crop" && example.picture !== null) layers.push(pictureAt(report, example.picture));
  return layers;
}

function pictureAt(report, position) {
  const node = graphic("image", { preserveAspectRatio: "none" });
  oncePicturesAreRead(() => {
    const { uri, window: shown } = report.pictures[position];
    const [x, y, width, height] = shown;
    assign(node, { href: uri, x, y, width, height });
  });
  return node;
}

/** Now, or when the pictures are: they stand last in the file, for they are most of it, and the page does not wait. */
function oncePicturesAreRead(act) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", act, { once: true });
  else act();
}

/** An outline twice: a dark halo for bright pictures, the coloured line on top of it. */
function outlines(object, role) {
  const outline = outlineOf(object);
  if (outline === null) return [];
  const { tag, ...geometry } = outline;
  const line = (layer) => graphic(tag, { class: `outline ${layer} ${object.kind} ${role}`, ...geometry });
  return [line("halo"), line("line")];
}

/** The name of an object beside its box: above it, the second one of two, a prediction with its score, below it. The room
 * before it shrinks where the name would not fit. */
function tagOf(report, object, [left, top, width, height], second) {
  const score = object.score === null ? "" : ` ${formatScore(object.score, 2)}`;
  const place = object.box === null ? "corner" : "";
  const tag = element("span", { class: `tag ${object.kind} ${place}` }, report.labels[object.label] + score);
  if (object.box === null) return tag;
  const row = element("div", { class: "beside" });
  const room = element("i");
  const [x, y, boxWidth, boxHeight] = object.box;
  const across = (100 * (x - left)) / width;
  const above = object.kind === "truth" && !second;
  const edge = above ? y - top : y + boxHeight - top;
  const down = `${(100 * edge) / height}%`;
  row.style.top =
    above
      ? `clamp(0px, calc(${down} - 1.7em), calc(100% - 3.4em))`
      : `clamp(1.7em, ${down}, calc(100% - 1.7em))`;
  const leftwards = across >= 55;
  const start = leftwards ? 100 - across - (100 * boxWidth) / width : across;
  room.style.flexBasis = `${Math.max(0, start)}%`;
  row.append(...(leftwards ? [tag, room] : [room, tag]));
  row.classList.toggle("leftwards", leftwards);
  return row;
}

/** An example in words, for those who do not see it: "dog predicted as cat, score 0.91, IoU 0.67". */
function describeExample(report, example) {
  const { objects } = report.images[example.image];
  const truth = example.truth === null ? null : objects[example.truth];
  const seen = example.prediction === null ? null : objects[example.prediction];
  const before = example.baseline === null ? null : objects[example.baseline];
  if (truth === null && seen === null && before === null) return "Whole image";
  if (truth === null && seen === null) return `${report.labels[before.label]} of the baseline, where nothing is now`;
  const other = example.other === null ? null : report.labels[objects[example.other].label];
  const words = [describePair(truth && report.labels[truth.label], seen && report.labels[seen.label])];
  if (other !== null) words[0] = `labelled ${report.labels[truth.label]} and ${other}`;
  if (seen !== null && seen.score !== null) words.push(`score ${formatScore(seen.score, 2)}`);
  if (example.overlap !== null) words.push(`IoU ${formatScore(example.overlap, 2)}`);
  return words.join(", ");
}

/** A true and a predicted label in words; null for background. */
function describePair(truth, predicted) {
  if (truth === null) return `${predicted} where nothing is`;
  if (predicted === null) return `${truth} missed`;
  return truth === predicted ? `${truth} as ${predicted}` : `${truth} predicted as ${predicted}`;
}
