// Character offsets of a document, and the elements that show it: reading.py promises that the text of each
// [data-start] element is text[start:end]. Offsets count characters as Python does; JavaScript's strings count
// UTF-16 units, of which an emoji has two.

const points = (text) => [...text].length;

// UTF-16 units of the first `count` characters.
function units(text, count) {
  let at = 0;
  for (; count > 0 && at < text.length; count--) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

// The blocks of an article, in the order of the text: [{element, start, end}].
export function blocksOf(article) {
  return [...article.querySelectorAll("[data-start]")].map((element) => (
    { element, start: Number(element.dataset.start), end: Number(element.dataset.end) }));
}

// Wrap text[start:end] in <mark>, as many as it takes. Returns them, none where there is no such text.
export function wrap(blocks, start, end, name = "") {
  return blocks.filter((block) => block.start < end && start < block.end).flatMap(({ element, start: from }) => {
    const text = element.textContent;
    return wrapUnits(element, units(text, start - from), units(text, end - from), name);
  });
}

function wrapUnits(element, from, to, name) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  let at = 0;
  return nodes.flatMap((node) => {
    const [a, b] = [Math.max(from - at, 0), Math.min(to - at, node.length)];
    at += node.length;
    if (a >= b) return [];
    node.splitText(b);
    const mark = document.createElement("mark");
    mark.className = name;
    const inner = node.splitText(a);
    inner.replaceWith(mark);
    mark.append(inner);
    return [mark];
  });
}

// Take every mark away and make the text nodes whole again.
export function unwrap(article) {
  const touched = new Set();
  for (const mark of article.querySelectorAll("mark")) {
    touched.add(mark.closest("[data-start]"));
    mark.replaceWith(...mark.childNodes);
  }
  touched.forEach((element) => element.normalize());
}

// What a selection covers: {start, end}, null where it covers nothing of the document.
export function offsetsOf(blocks, range) {
  const covered = blocks.filter(({ element }) => range.intersectsNode(element)).map(({ element, start, end }) => ({
    start: element.contains(range.startContainer) ? start + before(element, range.startContainer, range.startOffset) : start,
    end: element.contains(range.endContainer) ? start + before(element, range.endContainer, range.endOffset) : end,
  })).filter((one) => one.start < one.end);
  return covered.length ? { start: covered[0].start, end: covered.at(-1).end } : null;
}

// Characters of an element before a place in it.
function before(element, container, offset) {
  const range = document.createRange();
  range.setStart(element, 0);
  range.setEnd(container, offset);
  return points(range.toString());
}

// Where the quoted words stand now, nearest to where they stood: {start, end}, null where they do not.
export function find(blocks, quoted, near) {
  let text = "";
  let end = 0;
  const begins = blocks.map((block) => {
    text += "\n".repeat(block.start - end);
    end = block.end;
    const begin = text.length;
    text += block.element.textContent;
    return begin;
  });
  let best = null;
  for (let at = text.indexOf(quoted); quoted && at >= 0; at = text.indexOf(quoted, at + 1)) {
    const i = begins.findLastIndex((begin) => begin <= at);
    const start = blocks[i].start + points(text.slice(begins[i], at));
    if (!best || Math.abs(start - near) < Math.abs(best.start - near)) best = { start, end: start + points(quoted) };
  }
  return best;
}
