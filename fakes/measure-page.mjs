/* global document, getComputedStyle, mermaid, NodeFilter */
// Runs in Chromium, in a page of gitHubPage(): draws its diagrams, and measures what can be measured of texts.

const RATIO_OF_BLACK = 0.05;
/** Boxes are of lines, which are a little higher than their letters. */
const TOUCHING_PX = 1.5;

function toColor(text) {
  const [red, green, blue, alpha = 1] = (text.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  return { red, green, blue, alpha };
}

function over(top, below) {
  const mix = (a, b) => a * top.alpha + b * (1 - top.alpha);
  return {
    red: mix(top.red, below.red),
    green: mix(top.green, below.green),
    blue: mix(top.blue, below.blue),
    alpha: 1,
  };
}

function luminance({ red, green, blue }) {
  const [r, g, b] = [red, green, blue].map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + RATIO_OF_BLACK) / (dark + RATIO_OF_BLACK);
}

function backgroundOf(element) {
  const ancestors = [];
  for (let one = element; one; one = one.parentElement) ancestors.unshift(one);
  return ancestors.reduce(
    (below, one) => over(toColor(getComputedStyle(one).backgroundColor), below),
    { red: 255, green: 255, blue: 255, alpha: 1 },
  );
}

function opacityOf(element, root) {
  let opacity = 1;
  for (let one = element; one && one !== root; one = one.parentElement) {
    opacity *= Number(getComputedStyle(one).opacity);
  }
  return opacity;
}

/** The lowest contrast of a diagram's label with the shapes under it. */
function labelContrast(label, svg) {
  const box = label.getBoundingClientRect();
  const shapes = [...svg.querySelectorAll('rect')].filter(
    (shape) => shape.compareDocumentPosition(label) & 4,
  );
  const paper = backgroundOf(svg.parentElement);
  const text = { ...toColor(getComputedStyle(label).fill), alpha: opacityOf(label, svg) };
  let lowest = Number.POSITIVE_INFINITY;
  for (let across = 0; across <= 20; across += 1) {
    const x = box.left + 1 + ((box.width - 2) * across) / 20;
    const y = box.top + box.height / 2;
    const behind = shapes.reduce((below, shape) => {
      const at = new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse());
      if (!shape.isPointInFill(at)) return below;
      const fill = toColor(getComputedStyle(shape).fill);
      return over({ ...fill, alpha: fill.alpha * opacityOf(shape, svg) }, below);
    }, paper);
    lowest = Math.min(lowest, contrast(over(text, behind), behind));
  }
  return lowest;
}

/** Every visible text of a rendering: what it says, its boxes, its contrast, and who chose its colours. */
function textsOf(root) {
  const texts = [];
  for (const label of root.querySelectorAll('svg text')) {
    if (label.textContent.trim() === '') continue;
    const box = label.getBoundingClientRect();
    texts.push({
      text: label.textContent,
      boxes: [box],
      contrast: labelContrast(label, label.ownerSVGElement),
      isLabel: true,
      frame: label.ownerSVGElement.getBoundingClientRect(),
    });
  }
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (node.data.trim() === '' || parent.closest('svg, .mermaid')) continue;
    if (parent.closest('details:not([open])') && !parent.closest('summary')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter(({ width, height }) => width * height > 0);
    if (boxes.length === 0) continue;
    const behind = backgroundOf(parent);
    texts.push({
      text: node.data.trim(),
      boxes,
      contrast: contrast(over(toColor(getComputedStyle(parent).color), behind), behind),
      isLabel: false,
      // What is too long for a <pre> is scrolled, as in any log.
      frame: parent.closest('pre') ? null : root.getBoundingClientRect(),
    });
  }
  return texts;
}

function overlap(a, b) {
  const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return across > TOUCHING_PX && down > TOUCHING_PX;
}

function leaves(box, frame) {
  return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
}

function measure(root) {
  const texts = textsOf(root);
  const overlaps = texts.flatMap((one, index) =>
    texts
      .slice(index + 1)
      .filter((other) => one.boxes.some((a) => other.boxes.some((b) => overlap(a, b))))
      .map((other) => `${one.text} / ${other.text}`),
  );
  // A section's name is meant for the margin.
  const bars = [...root.querySelectorAll('svg rect.task')];
  for (const name of root.querySelectorAll('svg .sectionTitle')) {
    const box = name.getBoundingClientRect();
    if (bars.some((bar) => overlap(box, bar.getBoundingClientRect()))) {
      overlaps.push(`${name.textContent} / a bar`);
    }
  }
  const outside = texts
    .filter(({ boxes, frame }) => frame && boxes.some((box) => leaves(box, frame)))
    .map(({ text }) => text);
  for (const table of root.querySelectorAll('table')) {
    if (table.scrollWidth > table.clientWidth + 1) outside.push(`a table: ${table.scrollWidth} px`);
  }
  const lowest = (isLabel) =>
    texts
      .filter((one) => one.isLabel === isLabel)
      .sort((a, b) => a.contrast - b.contrast)
      .map(({ text, contrast: ratio }) => ({ text, ratio: Number(ratio.toFixed(2)) }))[0] ?? null;
  return {
    ...root.dataset,
    height: Math.ceil(root.getBoundingClientRect().height),
    ticks: root.querySelectorAll('svg .grid .tick').length,
    overlaps,
    outside,
    lowestLabel: lowest(true),
    lowestText: lowest(false),
  };
}

let drawn = 0;
for (const root of document.querySelectorAll('article')) {
  mermaid.initialize({
    startOnLoad: false,
    theme: root.dataset.theme === 'dark' ? 'dark' : 'default',
  });
  for (const diagram of root.querySelectorAll('.mermaid')) {
    drawn += 1;
    const source = diagram.textContent;
    diagram.textContent = '';
    const { svg } = await mermaid.render(`diagram-${drawn}`, source, diagram);
    diagram.innerHTML = svg;
  }
}
const result = document.createElement('script');
result.type = 'application/json';
result.id = 'result';
const measured = [...document.querySelectorAll('article')].map(measure);
result.textContent = JSON.stringify({
  height: document.documentElement.scrollHeight,
  measured,
}).replaceAll('<', '\\u003c');
document.body.append(result);
