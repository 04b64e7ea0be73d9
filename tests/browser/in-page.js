// What runs inside a page: each function says how something stands there now. They must be whole in themselves, because
// only their text is sent to the browser; and they must not wait, because a page without JavaScript runs no callbacks.
'use strict';

/** A CSS-like path by which a person finds the element. */
function images() {
  const named = (element) => {
    const own = element.id ? `#${element.id}` : [...element.classList].map((name) => `.${name}`).join('');
    const parent = element.parentElement?.closest('[class], [id], section, main, header, footer');
    return `${parent && parent !== document.body ? `${parent.localName}${parent.className && `.${parent.className.replaceAll(' ', '.')}`} ` : ''}${element.localName}${own}`;
  };
  const box = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x + scrollX, y + scrollY, width, height];
  };
  const found = [...document.images].map((image) => ({
    kind: 'img', where: named(image), url: image.currentSrc || image.src, alt: image.getAttribute('alt'), box: box(image), probe: image,
  }));
  for (const element of document.querySelectorAll('*')) {
    for (const pseudo of [null, '::before', '::after']) {
      const style = getComputedStyle(element, pseudo);
      if (pseudo && style.content === 'none') continue;
      const sources = [style.backgroundImage, style.borderImageSource, style.listStyleImage, pseudo ? style.content : ''].join(' ');
      for (const [, url] of sources.matchAll(/url\("([^"]*)"\)/g)) {
        const probe = new Image();
        probe.src = url;
        found.push({ kind: 'background', where: named(element) + (pseudo ?? ''), url, alt: null, box: box(element), probe });
      }
    }
  }
  window.probes = found.map(({ probe }) => probe);
  return found.map(({ probe, ...rest }) => rest);
}

/** How far the images of `images` are, in the same order. */
function sizes() {
  return window.probes.map((image) => ({ complete: image.complete, natural: [image.naturalWidth, image.naturalHeight] }));
}

/** How wide the page is, and which elements stick out of it on the right, but for those in a box that scrolls. */
function overflow() {
  const width = document.documentElement.clientWidth;
  const clips = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== 'visible') return true;
    }
    return false;
  };
  const sticking = [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > width + 0.5 && !clips(element))
    .map((element) => `${element.localName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`);
  return { scrollWidth: document.documentElement.scrollWidth, width, sticking: sticking.slice(0, 10) };
}

/** Every sparkline with the row that it stands in: the table's caption, the row's header without its small print. */
function sparks() {
  const text = (element) => {
    if (!element) return null;
    const copy = element.cloneNode(true);
    for (const small of copy.querySelectorAll('small')) small.remove();
    return copy.textContent.trim();
  };
  return [...document.querySelectorAll('img.spark')].map((image) => {
    const { x, y, width, height } = image.getBoundingClientRect();
    return {
      table: text(image.closest('table')?.caption),
      name: text(image.closest('tr')?.querySelector('th') ?? image.parentElement.querySelector('h2')),
      alt: image.alt,
      box: [x + scrollX, y + scrollY, width, height],
    };
  });
}

/** The computed values of some properties of everything that the selector finds. */
function styles([selector, properties]) {
  return [...document.querySelectorAll(selector)].map((element) => {
    const style = getComputedStyle(element);
    return Object.fromEntries(properties.map((property) => [property, style.getPropertyValue(property)]));
  });
}

/** Left, top, width and height of everything that the selector finds. */
function boxes(selector) {
  return [...document.querySelectorAll(selector)].map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height];
  });
}

/** What has the focus, and how that can be seen. */
function focus() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const { x, y, width, height } = element.getBoundingClientRect();
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
  const holder = element.closest('nav, header, main, footer');
  return {
    tag: element.localName,
    text: element.innerText.trim(),
    href: element.getAttribute('href'),
    within: holder && holder !== element ? holder.localName : null,
    open: element.parentElement?.open ?? null,
    box: [x, y, width, height],
    inView: width > 1 && height > 1 && x >= 0 && y >= 0 && x + width <= innerWidth && y + height <= innerHeight
      && getComputedStyle(element).clipPath === 'none',
    outline: { style: outlineStyle, width: parseFloat(outlineWidth), color: outlineColor },
    paper: getComputedStyle(document.documentElement).backgroundColor,
  };
}

/** Opens all that is folded; says how much that was. */
function openDetails() {
  const folded = [...document.querySelectorAll('details:not([open])')];
  for (const details of folded) details.open = true;
  return folded.length;
}

/** What axe-core finds wrong, and how many of its rules found something to look at and were content. */
async function axe() {
  const { violations, incomplete, passes } = await window.axe.run(document, { resultTypes: ['violations', 'incomplete'] });
  const brief = ({ id, help, nodes }) => ({ id, help, at: nodes.slice(0, 5).map(({ target, failureSummary }) => `${target}: ${failureSummary}`) });
  return { violations: violations.map(brief), unsure: incomplete.map(({ id }) => id), passes: passes.length };
}

module.exports = { images, sizes, overflow, sparks, styles, boxes, focus, openDetails, axe };
