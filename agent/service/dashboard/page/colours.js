// One colour a label, by its place in the model's list; the same on every chart, read from the style sheet.
const count = 8;
let labels = [];
let palette = [];

export function setLabels(next) {
  labels = next;
}

export function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  palette = Array.from({ length: count }, (_, i) => value(`--label-${i}`));
  return {
    ink: value('--ink'),
    card: value('--card'),
    soft: value('--soft'),
    line: value('--line'),
    unknown: value('--unknown'),
    alarm: value('--alarm'),
    band: value('--band'),
  };
}

export let theme = {};

export function refreshColours() {
  theme = readPalette();
}

export function colourOf(label) {
  const index = labels.indexOf(label);
  return index < 0 ? theme.unknown : palette[index % count];
}

/** A class that gives an element the colour of a label: inline styles are not needed, so none are allowed. */
export function colourClass(label) {
  const index = labels.indexOf(label);
  return index < 0 ? 'c-unknown' : `c-${index % count}`;
}
