// The rows of the data block, made again from its columns (`cvfail/report/packing.py` says how they are packed).

/** The value that was packed. Lists of dicts within rows are made when they are first looked at. */
function unpacked(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) {
    for (let place = 0; place < value.length; place += 1)
      if (typeof value[place] === "object") value[place] = unpacked(value[place]);
    return value;
  }
  if ("$plain" in value) return value.$plain;
  if ("$rows" in value) return rowsFrom(value);
  for (const key of Object.keys(value)) value[key] = unpacked(value[key]);
  return value;
}

function rowsFrom({ $rows: count, $columns: columns }) {
  const row = rowMaker(columns);
  return Array.from({ length: count }, (_, place) => row(place));
}

/** `row(place)` of packed columns. */
function rowMaker(columns) {
  const entries = Object.entries(columns).map(([key, column]) => ({ key, at: columnReader(column), lists: isLists(column) }));
  return (place) => {
    const row = {};
    for (const { key, at, lists } of entries) {
      if (lists) putLater(row, key, () => at(place));
      else row[key] = at(place);
    }
    return row;
  };
}

function isLists(column) {
  return column !== null && "$lengths" in column;
}

/** `at(place)` is the value of a column in a row. */
function columnReader(column) {
  if ("$same" in column) return () => column.$same;
  if ("$words" in column) return (place) => column.$words[column.$at[place]];
  if ("$width" in column) {
    const { $width: width, $numbers: numbers } = column;
    return (place) => numbers.slice(place * width, (place + 1) * width);
  }
  if ("$lengths" in column) return listReader(column);
  const values = unpacked(column);
  return (place) => values[place];
}

function listReader({ $lengths: lengths, $items: items }) {
  let end = 0;
  const ends = lengths.map((length) => (end += length));
  const row = rowMaker(items.$columns);
  return (place) =>
    Array.from({ length: lengths[place] }, (_, own) => row(ends[place] - lengths[place] + own));
}

/** A property that is made when it is first read, and from then on is like any other. */
function putLater(row, key, make) {
  const keep = (value) =>
    Object.defineProperty(row, key, { value, writable: true, enumerable: true, configurable: true });
  Object.defineProperty(row, key, {
    get: () => {
      const value = make();
      keep(value);
      return value;
    },
    set: keep,
    enumerable: true,
    configurable: true,
  });
}
